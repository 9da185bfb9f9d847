import { EventxOptionsError } from '../../errors.js';
import { envelopeOf } from '../../event/envelope-of.js';
import type { SequencedEvent } from '../../event/event.js';
import { quoted } from '../../util/quoted.js';
import {
  checkConsumerName,
  type ConsumerOptions,
  type ResolvedConsumerOptions,
  resolveConsumerOptions,
} from './consumer-options.js';

/**
 * What a handler gets beside the event.
 * @typeParam M what a transactional handler writes through: TypeORM's `EntityManager`
 */
export interface ConsumerContext<M = unknown> {
  /** The consumer's name. */
  readonly consumer: string;
  /** Which attempt this is, from 1. */
  readonly attempt: number;
  /** Aborts when the result is of no use any more: the time limit has passed, another process has the consumer, or time to stop is up. */
  readonly signal: AbortSignal;
  /** Writes through it commit together with the offset. Only with `transactional: true`. */
  readonly manager: M;
  /** For log lines, e.g. `mailer@42#1`: consumer, seq (of the first event), attempt. */
  readonly id: string;
}

/** Handles the events of some types: one at a time, or arrays of them when the consumer is `batch`. */
export interface ConsumerHandler<E extends SequencedEvent, M = unknown> {
  /** The types it takes; `'*'` takes all. */
  readonly types: string | readonly string[];
  /** What log lines and dead letters call it. @default `Class.method` of a decorated method, else the name of the function */
  readonly name?: string;
  /** May answer with a value, a promise or an Observable; it is done when that is. */
  readonly handle: (events: E & readonly E[], context: ConsumerContext<M>) => unknown;
}

/** A consumer as code declares it. */
export interface ConsumerDefinition<E extends SequencedEvent, M = unknown> {
  /** Under this name its place in the log is kept. */
  readonly name: string;
  readonly handlers: readonly ConsumerHandler<E, M>[];
  readonly options?: ConsumerOptions;
  /** What handlers get in place of an event, e.g. with a payload that was validated. An error counts as a handler's. */
  readonly decode?: (event: E) => E | Promise<E>;
}

/** A consumer that was checked. */
export class Consumer<E extends SequencedEvent, M = unknown> {
  readonly name: string;
  readonly options: ResolvedConsumerOptions;
  readonly handlers: readonly ConsumerHandler<E, M>[];
  readonly decode: (event: E) => E | Promise<E>;
  private readonly names: ReadonlyMap<ConsumerHandler<E, M>, string>;
  private readonly byType = new Map<string | null, readonly ConsumerHandler<E, M>[]>();

  /** @throws EventxOptionsError */
  constructor({ name, handlers, options, decode }: ConsumerDefinition<E, M>) {
    this.name = checkConsumerName(name);
    this.options = resolveConsumerOptions(this.name, options);
    if (handlers.length === 0) {
      throw new EventxOptionsError(`Consumer "${this.name}" has no handler.`);
    }
    handlers.forEach((handler) => checkHandler(`A handler of consumer "${this.name}"`, handler));
    this.handlers = handlers;
    this.names = new Map(
      handlers.map((handler, index) => [
        handler,
        shown(handler.name ?? nameOfFunction(handler.handle) ?? `${index + 1} of ${this.name}`),
      ]),
    );
    this.decode = decode ?? ((event) => event);
  }

  /** What a handler is called in messages. */
  nameOf(handler: ConsumerHandler<E, M>): string {
    return this.names.get(handler)!;
  }

  /** The handlers that take this event, in the order they were declared. */
  handlersOf(event: E): readonly ConsumerHandler<E, M>[] {
    const { type } = envelopeOf(event);
    let found = this.byType.get(type);
    if (!found) {
      found = this.handlers.filter((handler) => takes(handler, type));
      // Limited, because nothing keeps an application from having very many types.
      if (this.byType.size < 1000) this.byType.set(type, found);
    }
    return found;
  }
}

/** Null for a function without a name of its own: one that is written in the declaration is called `handle`, after its property. */
function nameOfFunction({ name }: (...args: never[]) => unknown): string | null {
  const own = name.replace(/^(?:bound )+/, '');
  return own === '' || own === 'handle' ? null : own;
}

/** On one line, and no longer than a line may be. */
function shown(name: string): string {
  return quoted(name).slice(1, -1);
}

/** @param where what it is, for the message. @throws EventxOptionsError */
export function checkHandler(
  where: string,
  { types, handle }: Pick<ConsumerHandler<never>, 'types'> & { readonly handle: unknown },
): void {
  const list = typeof types === 'string' ? [types] : types;
  if (
    !Array.isArray(list) ||
    list.length === 0 ||
    list.some((type) => typeof type !== 'string' || type === '')
  ) {
    throw new EventxOptionsError(
      `${where} needs an event type, several, or '*', but got ${JSON.stringify(types)}.`,
    );
  }
  if (typeof handle !== 'function') {
    throw new EventxOptionsError(`${where} is no function, but ${typeof handle}.`);
  }
}

/** Whether a handler takes events of this type. */
export function takes(
  handler: Pick<ConsumerHandler<never>, 'types'>,
  type: string | null,
): boolean {
  const types = typesOf(handler);
  return types.includes('*') || (type !== null && types.includes(type));
}

/** The types of a handler as a list. */
export function typesOf({ types }: Pick<ConsumerHandler<never>, 'types'>): readonly string[] {
  return typeof types === 'string' ? [types] : types;
}
