import type { SequencedEvent } from '../../event/event.js';
import { isThenable } from '../../util/thenable.js';
import type { CallsUnderWay } from './calls-under-way.js';
import type { Consumer, ConsumerHandler } from '../definition/consumer.js';
import { contextWithManager, contextWithoutManager } from './handler-context.js';
import { type HandlerCall, invoke } from './invoke.js';

/** What was thrown, and by which handler. */
export interface HandlerFailure {
  readonly error: unknown;
  readonly handler: string;
}

/** How far a group of events came. */
export interface Handled {
  /** So many from the front are handled. */
  readonly done: number;
  /** Why the next one is not; absent when nothing failed. */
  readonly failure?: HandlerFailure;
}

/** What the handlers of one group share. */
export interface HandlingContext<M> {
  readonly manager: M;
  /** Attempt of the first event; the others are at their first. */
  readonly attempt: number;
  readonly abort: AbortSignal;
  /** Notices calls that take long. */
  readonly calls?: CallsUnderWay;
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
  for (const event of events) {
    if (done > 0 && !context.mayGoOn()) break;
    for (const handler of consumer.handlersOf(event)) {
      try {
        await call(consumer, handler, [event], context, done === 0 ? context.attempt : 1);
      } catch (error) {
        return { done, failure: { error, handler: consumer.nameOf(handler) } };
      }
    }
    done++;
  }
  return { done };
}

/** Each handler gets its events of the whole group in one call. */
async function handleBatch<E extends SequencedEvent, M>(
  consumer: Consumer<E, M>,
  events: readonly E[],
  context: HandlingContext<M>,
): Promise<Handled> {
  for (const handler of consumer.handlers) {
    const taken = events.filter((event) => consumer.handlersOf(event).includes(handler));
    try {
      if (taken.length > 0) await call(consumer, handler, taken, context, context.attempt);
    } catch (error) {
      return { done: 0, failure: { error, handler: consumer.nameOf(handler) } };
    }
  }
  return { done: events.length };
}

async function call<E extends SequencedEvent, M>(
  consumer: Consumer<E, M>,
  handler: ConsumerHandler<E, M>,
  events: readonly E[],
  { manager, abort, calls }: HandlingContext<M>,
  attempt: number,
): Promise<void> {
  const { name, options, decode } = consumer;
  const first = events[0]!;
  const shared = { consumer: name, attempt, id: `${name}@${first.seq}#${attempt}` };
  const handle = (call: HandlerCall, payload: unknown) =>
    handler.handle(
      payload as E & readonly E[],
      options.transactional
        ? contextWithManager(shared, manager, call)
        : contextWithoutManager(shared, call),
    );
  const watched = calls?.begin({
    handler: consumer.nameOf(handler),
    event: first,
    count: events.length,
    attempt,
  });
  try {
    await invoke(
      (call) => {
        const payload = options.batch ? decodeAll(events, decode) : decode(first);
        return isThenable(payload)
          ? payload.then((decoded: unknown) => handle(call, decoded))
          : handle(call, payload);
      },
      { timeout: options.timeout, abort },
    );
  } finally {
    if (watched) calls!.end(watched);
  }
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
