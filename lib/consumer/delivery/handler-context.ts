import { EventxUsageError } from '../../errors.js';
import type { ConsumerContext } from '../definition/consumer.js';
import type { HandlerCall } from './invoke.js';

/** What the contexts of one call have in common with each other. */
type Shared = Pick<ConsumerContext, 'consumer' | 'attempt' | 'id'>;

/** Inherited, not an own property: a context can still be copied and logged. */
const NO_MANAGER = {
  get manager(): never {
    const { consumer } = this as unknown as ConsumerContext;
    throw new EventxUsageError(
      `Consumer "${consumer}" has no context.manager, because it is not transactional: its handlers would write in no transaction at ` +
        `all. Set "transactional: true", and what they write through the manager commits together with the offset.`,
    );
  },
};

/** What a transactional handler gets beside the event. */
export function contextWithManager<M>(
  { consumer, attempt, id }: Shared,
  manager: M,
  call: HandlerCall,
): ConsumerContext<M> {
  return {
    consumer,
    attempt,
    manager,
    id,
    get signal() {
      return call.signal;
    },
  };
}

/** What any other handler gets. */
export function contextWithoutManager<M>(
  { consumer, attempt, id }: Shared,
  call: HandlerCall,
): ConsumerContext<M> {
  const context = {
    __proto__: NO_MANAGER,
    consumer,
    attempt,
    id,
    get signal() {
      return call.signal;
    },
  };
  return context as unknown as ConsumerContext<M>;
}
