import { integerOption, refuseUnknownOptions } from '../util/checks.js';
import { EventxOptionsError } from '../errors.js';
import type { DeadLetterFilter } from '../storage/index.js';
import { isConsumerName } from './definition/consumer-options.js';

/** Which letters to replay or to discard: one, those of a consumer, or those of one of its keys. */
export type DeadLetterSelection =
  | { readonly id: number }
  | { readonly consumer: string; readonly key?: string; readonly type?: string };

const TEXTS = ['consumer', 'type', 'key'] as const;
const TIMES = ['since', 'until'] as const;

/**
 * Checks a filter, which may come from a request: what a driver makes of an object or a list is anybody's guess.
 * @throws EventxOptionsError
 */
export function checkFilter(filter: DeadLetterFilter): DeadLetterFilter {
  refuseUnknownOptions('The filter of dead letters', filter, [
    ...TEXTS,
    ...TIMES,
    'after',
    'limit',
  ]);
  for (const name of TEXTS) {
    if (filter[name] !== undefined && typeof filter[name] !== 'string') refuse(name, 'a string');
  }
  for (const name of TIMES) {
    const time = filter[name];
    if (time !== undefined && !(time instanceof Date && !Number.isNaN(time.getTime()))) {
      refuse(name, 'a valid Date');
    }
  }
  if (filter.after !== undefined && !isPlace(filter.after)) {
    refuse('after', 'a dead letter, or its { consumer, seq }');
  }
  if (filter.limit !== undefined) integerOption('limit', filter.limit, 100);
  return filter;
}

/**
 * As `checkFilter`, and it must say whose: a consumer that was left out by mistake must not mean all of them.
 * @throws EventxOptionsError
 */
export function checkSelection(selection: DeadLetterSelection): DeadLetterSelection {
  if ('id' in selection) {
    refuseUnknownOptions('The selection of dead letters', selection, ['id']);
    return { id: checkId(selection.id) };
  }
  refuseUnknownOptions('The selection of dead letters', selection, TEXTS);
  if (typeof selection.consumer !== 'string') refuse('consumer', 'the name of a consumer');
  checkFilter(selection);
  return selection;
}

/** @throws EventxOptionsError */
export function checkId(id: number): number {
  if (!Number.isSafeInteger(id)) refuse('id', 'a whole number');
  return id;
}

function isPlace(after: unknown): boolean {
  if (typeof after !== 'object' || after === null) return false;
  const { consumer, seq } = after as { consumer?: unknown; seq?: unknown };
  return isConsumerName(consumer) && Number.isSafeInteger(seq);
}

function refuse(name: string, expected: string): never {
  throw new EventxOptionsError(`Dead letters: "${name}" must be ${expected}.`);
}
