import type { ConsumerContext } from 'nestjs-eventx';

/** The manager of a transactional handler; undefined in any other, where asking for it is an error. */
export function managerOf<M>(context: ConsumerContext<M>): M | undefined {
  return Object.hasOwn(context, 'manager') ? context.manager : undefined;
}
