import { defer, type Observable, type ObservableInput } from 'rxjs';
import type { EntityManager } from 'typeorm';

import type { ConsumerOptions } from '../consumer/definition/consumer-options.js';
import type { ConsumerHandler } from '../consumer/definition/consumer.js';
import { type CustomOffsets, memoryOffsets } from '../consumer/ownership/custom-offsets.js';
import {
  type EncodedEvent,
  encodeEvent,
  type EventInput,
  type PublishedEvent,
} from '../event/envelope.js';
import { booleanOption, integerOption } from '../util/checks.js';
import { EventxOptionsError, EventxPublishError } from '../errors.js';
import type { SequencedEvent } from '../event/event.js';
import type { EventTypes } from '../event/event-types.js';
import type { EventxEvent } from '../event/eventx-event.js';
import { quoted } from '../util/quoted.js';
import type { EventxRunner, RunnerStatus } from '../log/runner.js';
import { retrying, type StreamOptions } from '../log/stream-options.js';
import type { EventxSubscriber } from '../log/subscriber.js';
import { resolveSubscriberOptions, type SubscriberOptions } from '../log/subscriber-options.js';
import { assertManager } from '../typeorm/outbox/manager-argument.js';
import type { Outbox } from '../typeorm/outbox/outbox.js';
import type { LocalConsumers } from './local-consumers.js';

/** A consumer as `EventxService.consumer` takes it: one handler, or several for different types. */
export interface ConsumerDeclaration<E extends SequencedEvent> extends ConsumerOptions {
  /** Under this name its place in the log is kept. */
  readonly name: string;
  /** Types that `handle` takes. @default '*' */
  readonly types?: string | readonly string[];
  /** The handler; with `batch: true` it gets arrays. */
  readonly handle?: ConsumerHandler<E, EntityManager>['handle'];
  /** Further handlers, called in this order. @default [] */
  readonly handlers?: readonly ConsumerHandler<E, EntityManager>[];
  /** Whether every process handles every event, from its start on, with no stored offset. @default false */
  readonly broadcast?: boolean;
  /**
   * An offset that is kept elsewhere. Every process that declares the consumer then runs it. The log's database notes how far it is, for
   * retention, until `consumers.remove(name)`.
   * @default in the log's database
   */
  readonly offsets?: CustomOffsets;
}

/** What of a log the service needs. */
export interface ServiceParts<E extends SequencedEvent> {
  readonly runner: EventxRunner<E>;
  /** Null where the application brings a storage of its own. */
  readonly outbox: Outbox | null;
  readonly local: LocalConsumers;
  readonly types: EventTypes;
  readonly options: { readonly maxPayloadBytes: number };
}

/**
 * The log as an application uses it: publish in a transaction, subscribe to what was committed.
 * @typeParam E the events; another class only where the module was given an entity or a storage of the application's own
 */
export class EventxService<E extends SequencedEvent = EventxEvent> {
  /** @internal Applications inject it. */
  constructor(private readonly log: ServiceParts<E>) {}

  /**
   * Publishes one event or several, in their order, in the open transaction of `manager`: they exist if and only if it commits,
   * and only then get their sequence numbers. They are checked now, and written at the end of the transaction. Calls that are not
   * awaited keep their order. A commit waits for validations that are still under way, and is refused if one of them fails then.
   *
   * @returns the identity of each event; the uuid is final
   * @throws NoTransactionError when the manager has no open transaction on this log's data source
   * @throws EventxPublishError when an event is malformed or too large, does not fit its schema, or is of a type that is not known and
   * has to be; then none of them is published
   */
  publish(manager: EntityManager, event: EventInput): Promise<PublishedEvent>;
  publish(manager: EntityManager, events: readonly EventInput[]): Promise<PublishedEvent[]>;
  async publish(
    manager: EntityManager,
    input: EventInput | readonly EventInput[],
  ): Promise<PublishedEvent | PublishedEvent[]> {
    const { outbox } = this.log;
    if (!outbox) {
      throw new EventxPublishError(
        'This log has a storage of its own: write events to it, and call signal() after the commit.',
      );
    }
    assertManager(manager, input);
    // At once, whatever has to be waited for: events keep the order of the calls, and a forgotten await loses nothing.
    const encoded = await outbox.add(manager, () => this.encode(input));
    const published = encoded.map(({ uuid, type, key }) => ({ uuid, type, key }));
    return isArray(input) ? published : published[0]!;
  }

  /** A subscriber with a position of its own. @throws EventxOptionsError */
  subscriber(options?: SubscriberOptions): EventxSubscriber<E> {
    return this.log.runner.subscriber(options);
  }

  /**
   * The events as a cold Observable: every subscription reads the log from `options.from` on, with a place of its own. With a handler
   * nothing is fetched before it is done with what it has. See `EventxSubscriber.events$`.
   *
   * The option `retry` goes on after an error where that happened, with the event that failed. RxJS' own `retry()` behind it subscribes
   * anew, as to any cold Observable: it begins at `from` again, and from `'latest'` that skips what failed.
   */
  events$(options?: StreamOptions): Observable<E>;
  events$<R>(options: StreamOptions, handle: (event: E) => ObservableInput<R>): Observable<R>;
  events$<R>(
    options?: StreamOptions,
    handle?: (event: E) => ObservableInput<R>,
  ): Observable<E | R> {
    return this.cold(options, (subscriber): Observable<E | R> =>
      handle ? subscriber.events$(handle) : subscriber.events$(),
    );
  }

  /** As `events$`, a batch at a time. */
  batches$(options?: StreamOptions): Observable<E[]>;
  batches$<R>(options: StreamOptions, handle: (batch: E[]) => ObservableInput<R>): Observable<R>;
  batches$<R>(
    options?: StreamOptions,
    handle?: (batch: E[]) => ObservableInput<R>,
  ): Observable<E[] | R> {
    return this.cold(options, (subscriber): Observable<E[] | R> =>
      handle ? subscriber.batches$(handle) : subscriber.batches$(),
    );
  }

  /**
   * What the log has from `from` on, without waiting: for pages and exports. Empty at the end of the log; begins later than `from`
   * where that was deleted.
   * @param from first sequence number
   * @param limit most events; fewer come where they are more than 2 MiB together
   */
  async read(from: number, limit = 256): Promise<readonly E[]> {
    const { limits } = resolveSubscriberOptions({ fetchLimit: limit });
    return this.log.runner.read(integerOption('from', from, 1), limits);
  }

  /**
   * Declares a durable consumer without decorators; it starts at once, or with the application. See `@OnEventx` for the other way.
   * @returns a handle to end it in this process; its place in the log stays
   * @throws EventxOptionsError
   */
  consumer(declaration: ConsumerDeclaration<E>): { close(): Promise<void> } {
    const { name, handle, types, handlers, broadcast, offsets, ...options } = declaration;
    checkDeclaration(declaration);
    const single = handle == null ? [] : [{ types: types ?? '*', handle }];
    const all = [...single, ...(handlers ?? [])];
    this.log.local.add(
      { name, handlers: all as never, options },
      broadcast ? memoryOffsets() : (offsets ?? undefined),
    );
    return { close: () => this.log.local.remove(name) };
  }

  /**
   * Says that there may be new events. Not needed after `publish`, nor for events saved as entities; for those written by raw SQL
   * or by another process it saves the wait for the next poll.
   */
  signal(): void {
    this.log.runner.signal();
  }

  /**
   * Resolves when this process has looked at the log for the first time, with its last sequence number: what is published from then on is
   * new to a subscriber from `'latest'`. It waits for as long as nothing runs here (`run: false`).
   * @throws the signal's reason, or EventxClosedError
   */
  ready(signal?: AbortSignal): Promise<number> {
    return this.log.runner.ready(signal);
  }

  /** The last sequence number this process knows of; null before its first look at the log. */
  get lastSeq(): number | null {
    return this.log.runner.status.lastSeq;
  }

  /** How this process follows the log, e.g. for a health check. */
  get status(): RunnerStatus {
    return this.log.runner.status;
  }

  /** A promise only where something is to be waited for. @throws EventxPublishError */
  private encode(
    input: EventInput | readonly EventInput[],
  ): readonly EncodedEvent[] | Promise<readonly EncodedEvent[]> {
    // A copy, in which a hole is undefined, and refused.
    const inputs = isArray(input) ? [...input] : [input];
    inputs.forEach((event) => this.log.types.assertKnown(event));
    const checked = inputs.map((event) => this.log.types.toPublish(event));
    const encodeAll = (valid: readonly EventInput[]) =>
      valid.map((event) => encodeEvent(event, this.log.options.maxPayloadBytes));
    return areKnown(checked)
      ? encodeAll(checked)
      : Promise.all(checked.map(async (event) => event)).then(encodeAll);
  }

  private cold<R>(
    { retry, ...options }: StreamOptions = {},
    stream: (subscriber: EventxSubscriber<E>) => Observable<R>,
  ): Observable<R> {
    // An Observable cannot tell who subscribes to it again, so what keeps the place is inside of each subscription.
    return defer(() => stream(this.subscriber(options)).pipe(retrying(retry)));
  }
}

/** What would silently do nothing, or something else. @throws EventxOptionsError */
function checkDeclaration<E extends SequencedEvent>(declaration: ConsumerDeclaration<E>): void {
  const { name, handle, types, handlers, broadcast, offsets } = declaration;
  const where = `Consumer ${quoted(String(name))}`;
  if (booleanOption('broadcast', broadcast, false, { where }) && offsets != null) {
    throw new EventxOptionsError(
      `${where}: "broadcast" and "offsets" exclude each other: the offset of a broadcast is in memory only.`,
    );
  }
  if (types != null && handle == null) {
    throw new EventxOptionsError(
      `${where}: "types" is for "handle", which is not given. In "handlers" each says its own: handlers: [{ types, handle }].`,
    );
  }
  if (handlers != null && !isArray(handlers)) {
    throw new EventxOptionsError(`${where}: "handlers" must be a list of { types, handle }.`);
  }
}

/** `Array.isArray` does not narrow readonly arrays. */
function isArray<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}

function areKnown<T>(values: readonly (T | Promise<T>)[]): values is readonly T[] {
  return !values.some((value) => value instanceof Promise);
}
