import {
  CONSUMER_OPTION_NAMES,
  type ConsumerOptions,
} from '../consumer/definition/consumer-options.js';
import { checkHandler, type ConsumerDefinition, typesOf } from '../consumer/definition/consumer.js';
import { booleanOption, refuseUnknownOptions } from '../util/checks.js';
import { EventxOptionsError } from '../errors.js';
import type { SequencedEvent } from '../event/event.js';
import { describeHandler } from '../event-log/describe-log.js';
import type { FoundHandler } from './handler.explorer.js';

/** A consumer that decorated methods make up. */
export interface DeclaredConsumer<E extends SequencedEvent, M> {
  readonly definition: ConsumerDefinition<E, M>;
  /** Its handlers, for people. */
  readonly described: readonly string[];
  /** Every process runs it for itself. */
  readonly broadcast: boolean;
}

/**
 * The consumers that decorated methods make up: those that name the same one are its handlers, in the order they were found.
 * Each option may be said by any of them; two that say different things are an error.
 * @param log name of the log they must be meant for
 * @throws EventxOptionsError
 */
export function declaredConsumers<E extends SequencedEvent, M>(
  found: readonly FoundHandler[],
  log: string | undefined,
): DeclaredConsumer<E, M>[] {
  const groups = new Map<string, FoundHandler[]>();
  for (const handler of found) {
    const { where, options } = handler;
    refuseUnknownOptions(`@OnEventx on ${where}`, options, [
      ...CONSUMER_OPTION_NAMES,
      'consumer',
      'broadcast',
      'log',
    ]);
    checkHandler(`@OnEventx on ${where}`, { types: handler.types, handle: handler.call });
    if (options.log !== log) continue;
    const name = options.consumer ?? (options.broadcast ? `broadcast:${where}` : undefined);
    if (name === undefined) {
      throw new EventxOptionsError(
        `@OnEventx on ${where} names no consumer. Give it one, @OnEventx(…, { consumer: 'mailer' }), or its class, ` +
          `@EventxConsumer('mailer'): under that name its place in the log is kept.`,
      );
    }
    const group = groups.get(name);
    if (group) group.push(handler);
    else groups.set(name, [handler]);
  }
  return [...groups].map(([name, handlers]) => {
    assertNoDuplicates(name, handlers);
    const { broadcast, ...options } = mergedOptions(name, handlers);
    return {
      definition: {
        name,
        options,
        handlers: handlers.map(({ where, types, call }) => ({ name: where, types, handle: call })),
      },
      described: handlers.map((handler) => describeHandler(typesOf(handler), handler.where)),
      broadcast: booleanOption('broadcast', broadcast, false, { where: `Consumer "${name}"` }),
    };
  });
}

/** One method that takes the same type twice for the same consumer would be called twice for each event. */
function assertNoDuplicates(name: string, handlers: readonly FoundHandler[]): void {
  const seen = new Map<string, Set<string>>();
  for (const handler of handlers) {
    const { where } = handler;
    const types = seen.get(where) ?? new Set();
    seen.set(where, types);
    for (const type of typesOf(handler)) {
      if (types.has(type) || types.has('*') || (type === '*' && types.size > 0)) {
        throw new EventxOptionsError(
          `Consumer "${name}": ${where} takes "${type}" twice. Remove one of the decorators, or, if the class is a provider of ` +
            `two modules, let one of them export it to the other.`,
        );
      }
      types.add(type);
    }
  }
}

function mergedOptions(
  name: string,
  handlers: readonly FoundHandler[],
): ConsumerOptions & { broadcast?: boolean } {
  const merged: Record<string, unknown> = {};
  const saidBy = new Map<string, string>();
  for (const { where, options } of handlers) {
    for (const option of [...CONSUMER_OPTION_NAMES, 'broadcast'] as const) {
      const value = options[option];
      if (value === undefined) continue;
      if (saidBy.has(option) && !same(merged[option], value)) {
        throw new EventxOptionsError(
          `Consumer "${name}": ${saidBy.get(option)} and ${where} say different things about "${option}". The handlers of a ` +
            `consumer share its options: say it once.`,
        );
      }
      merged[option] = value;
      saidBy.set(option, where);
    }
  }
  return merged;
}

/** Equal as far as options are plain values; functions must be the same one. */
function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime();
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<never>;
  return [...keys].every((key) => same(a[key], b[key]));
}
