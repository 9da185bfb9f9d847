import type { SequencedEvent } from '../core/event.js';
import { isThenable } from '../core/thenable.js';
import type { Consumer, ConsumerContext, ConsumerHandler } from './consumer.js';
import { type HandlerCall, invoke } from './invoke.js';

/** How far a group of events came. */
export interface Handled {
  /** So many from the front are handled. */
  readonly done: number;
  /** Why the next one is not; absent when nothing failed. */
  readonly failure?: { readonly error: unknown };
}

/** What the handlers of one group share. */
export interface HandlingContext<M> {
  readonly manager: M;
  /** Attempt of the first event; the others are at their first. */
  readonly attempt: number;
  readonly abort: AbortSignal;
  /** Whether to begin with another event now, rather than to commit first. */
  readonly mayGoOn: () => boolean;
}

/** Calls the handlers for events in order, until one fails or it is time to commit. Never throws what a handler throws. */
export function handleEvents<E extends SequencedEvent, M>(
  consumer: Consumer<E, M>,
  events: readonly E[],
  context: HandlingContext<M>,
): Promise<Handled> {
  return consumer.options.batch
    ? handleBatch(consumer, events, context)
    : handleOneByOne(consumer, events, context);
}

async function handleOneByOne<E extends SequencedEvent, M>(
  consumer: Consumer<E, M>,
  events: readonly E[],
  context: HandlingContext<M>,
): Promise<Handled> {
  let done = 0;
  try {
    for (const event of events) {
      if (done > 0 && !context.mayGoOn()) break;
      for (const handler of consumer.handlersOf(event)) {
        await call(consumer, handler, [event], context, done === 0 ? context.attempt : 1);
      }
      done++;
    }
    return { done };
  } catch (error) {
    return { done, failure: { error } };
  }
}

/** Each handler gets its events of the whole group in one call. */
async function handleBatch<E extends SequencedEvent, M>(
  consumer: Consumer<E, M>,
  events: readonly E[],
  context: HandlingContext<M>,
): Promise<Handled> {
  try {
    for (const handler of consumer.handlers) {
      const taken = events.filter((event) => consumer.handlersOf(event).includes(handler));
      if (taken.length > 0) await call(consumer, handler, taken, context, context.attempt);
    }
    return { done: events.length };
  } catch (error) {
    return { done: 0, failure: { error } };
  }
}

async function call<E extends SequencedEvent, M>(
  { name, options, decode }: Consumer<E, M>,
  handler: ConsumerHandler<E, M>,
  events: readonly E[],
  { manager, abort }: HandlingContext<M>,
  attempt: number,
): Promise<void> {
  const first = events[0]!;
  const handle = (call: HandlerCall, payload: unknown) => {
    const context: ConsumerContext<M> = {
      consumer: name,
      attempt,
      manager,
      id: `${name}@${first.seq}#${attempt}`,
      get signal() {
        return call.signal;
      },
    };
    return handler.handle(payload as E & readonly E[], context);
  };
  return invoke(
    (call) => {
      const payload = options.batch ? decodeAll(events, decode) : decode(first);
      return isThenable(payload)
        ? payload.then((decoded: unknown) => handle(call, decoded))
        : handle(call, payload);
    },
    { timeout: options.timeout, abort },
  );
}

/** At once where nothing is to be waited for. */
function decodeAll<E>(
  events: readonly E[],
  decode: (event: E) => E | Promise<E>,
): readonly E[] | Promise<readonly E[]> {
  const decoded = events.map((event) => decode(event));
  const isWhole = (all: readonly (E | Promise<E>)[]): all is readonly E[] => !all.some(isThenable);
  return isWhole(decoded) ? decoded : Promise.all(decoded);
}
