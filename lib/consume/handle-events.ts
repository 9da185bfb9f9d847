import type { SequencedEvent } from '../core/event.js';
import type { Consumer, ConsumerContext, ConsumerHandler } from './consumer.js';
import { invoke } from './invoke.js';

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
  return invoke(
    async (signal) => {
      const decoded = options.batch
        ? await Promise.all(events.map(async (event) => decode(event)))
        : await decode(first);
      const payload = decoded as E & readonly E[];
      const id = `${name}@${first.seq}#${attempt}`;
      const context: ConsumerContext<M> = { consumer: name, attempt, signal, manager, id };
      return handler.handle(payload, context);
    },
    { timeout: options.timeout, abort },
  );
}
