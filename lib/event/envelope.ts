import { v7 as uuidv7 } from 'uuid';

import { EventxPublishError } from '../errors.js';
import { BYTES_CONTENT_TYPE, CONTENT_TYPE, type EventHeaders } from './eventx-event.js';
import { findLoss } from './lossless.js';
import { nearest } from '../util/nearest.js';
import { quoted } from '../util/quoted.js';

/** Longest `type` and `key`, in characters: what the columns hold. */
export const MAX_NAME_LENGTH = 191;

/**
 * What an application publishes.
 * @typeParam T the type of the payload
 */
export interface EventInput<T = unknown> {
  /** What happened, e.g. `order.placed`. 1 to 191 characters. */
  readonly type: string;
  /**
   * The payload: anything that JSON holds as it is, or bytes, which are stored as they are. Objects with a method `toJSON` (a Date, a
   * Decimal) are what that gives. What JSON would quietly change, such as a Map or NaN, is refused.
   * @default null
   */
  readonly data?: T;
  /** What it happened to, e.g. an order number. At most 191 characters. @default null */
  readonly key?: string | null;
  /** Metadata such as a trace id. @default {} */
  readonly headers?: EventHeaders;
}

/** What `publish` answers: the identity that the event has from now on. Its `seq` comes after the commit. */
export interface PublishedEvent {
  /** UUID version 7. */
  readonly uuid: string;
  readonly type: string;
  readonly key: string | null;
}

/** An event as it is written: the columns of one row. */
export interface EncodedEvent extends PublishedEvent {
  readonly data: Buffer;
  /** JSON text. */
  readonly headers: string | null;
}

/**
 * Checks and encodes one event.
 * @param maxPayloadBytes largest encoded payload, headers included
 * @throws EventxPublishError with the reason; the payload itself is never in the message
 */
export function encodeEvent(input: EventInput, maxPayloadBytes: number): EncodedEvent {
  checkInput(input);
  // Each is read once: a getter may answer differently the next time.
  const { data: payload = null, key: name = null } = input;
  const type = checkedName('type', input.type);
  if (type === '') throw new EventxPublishError('An event needs a type that is not empty.');
  const key = name === null ? null : checkedName('key', name);
  const data = encodeData(type, payload);
  const headers = encodeHeaders(type, input.headers, payload instanceof Uint8Array);

  const size = data.byteLength + (headers === null ? 0 : Buffer.byteLength(headers));
  if (size > maxPayloadBytes) {
    throw new EventxPublishError(
      `Event ${quoted(type)}: payload and headers take ${size} bytes, the limit is ${maxPayloadBytes} (option ` +
        `maxPayloadBytes). Put large documents into a table or an object store and publish a reference.`,
    );
  }
  return { uuid: uuidv7(), type, key, data, headers };
}

/** What is often written for a property, though nothing like its name. */
const OTHER_WORDS: ReadonlyMap<string, keyof EventInput> = new Map([
  ['payload', 'data'],
  ['body', 'data'],
  ['message', 'data'],
  ['content', 'data'],
  ['value', 'data'],
  ['event', 'type'],
  ['eventType', 'type'],
  ['name', 'type'],
  ['topic', 'type'],
  ['pattern', 'type'],
  ['id', 'key'],
  ['aggregateId', 'key'],
  ['metadata', 'headers'],
  ['meta', 'headers'],
]);

const PROPERTIES = ['type', 'data', 'key', 'headers'] as const satisfies (keyof EventInput)[];
const [TYPE, DATA, KEY, HEADERS] = PROPERTIES;

/** Each event comes here: a list takes twice as long. */
function isProperty(name: string): boolean {
  return name === TYPE || name === DATA || name === KEY || name === HEADERS;
}

/**
 * Refuses what is no event, and properties that an event does not have: what they hold would be lost without a word. An instance of a
 * class that has `data` may have others for its own use.
 * @throws EventxPublishError
 */
export function checkInput(input: EventInput): void {
  if (typeof input !== 'object' || input === null) {
    throw new EventxPublishError('publish takes an event, { type, data, … }, or an array of them.');
  }
  for (const property in input) {
    if (isProperty(property) || !Object.hasOwn(input, property)) continue;
    if ('data' in input && isInstance(input)) return;
    const meant = OTHER_WORDS.get(property) ?? nearest(property, PROPERTIES)[0];
    throw new EventxPublishError(
      `An event has no property ${quoted(property)}${meant ? `: did you mean "${meant}"?` : '.'} ` +
        `It takes ${PROPERTIES.join(', ')}; further metadata belongs into headers.`,
    );
  }
}

function isInstance(input: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(input);
  return prototype !== null && Object.getPrototypeOf(prototype) !== null;
}

function checkedName(what: string, value: unknown): string {
  if (typeof value !== 'string') {
    throw new EventxPublishError(`The ${what} of an event must be a string, not ${typeof value}.`);
  }
  if (value.length > MAX_NAME_LENGTH) {
    throw new EventxPublishError(
      `The ${what} of an event may have ${MAX_NAME_LENGTH} characters, this one has ${value.length}.`,
    );
  }
  if (!isWellFormed(value)) {
    throw new EventxPublishError(
      `The ${what} of an event holds half of a surrogate pair, which is no character.`,
    );
  }
  if (value.includes('\0')) {
    // The embedded database would end it there, without a word.
    throw new EventxPublishError(`The ${what} of an event holds a zero character.`);
  }
  return value;
}

function encodeData(type: string, data: unknown): Buffer {
  if (data instanceof Uint8Array) return Buffer.from(data);
  let text: string | undefined;
  try {
    text = JSON.stringify(data);
  } catch (cause) {
    throw new EventxPublishError(
      `Event ${quoted(type)}: its data cannot be written as JSON (a BigInt, a circular reference, thousands of levels?). ` +
        `Convert it first, or publish bytes.`,
      { cause },
    );
  }
  if (text === undefined) {
    throw new EventxPublishError(
      `Event ${quoted(type)}: its data is a function or a symbol, which JSON cannot hold.`,
    );
  }
  const loss = findLoss(data, 'data');
  if (loss) throw new EventxPublishError(`Event ${quoted(type)}: ${loss.path} is ${loss.what}.`);
  return Buffer.from(text);
}

/** @throws EventxPublishError for a Map, a Headers object, a list: what they hold would be lost */
export function assertHeaders(type: string, headers: unknown): void {
  if (headers == null || (typeof headers === 'object' && !(Symbol.iterator in headers))) return;
  throw new EventxPublishError(
    `Event ${quoted(type)}: its headers must be an object of strings, { name: value }. ` +
      `Of a Map or a Headers object make one by Object.fromEntries(…).`,
  );
}

function encodeHeaders(
  type: string,
  headers: EventHeaders | null | undefined,
  isBytes: boolean,
): string | null {
  assertHeaders(type, headers);
  const entries = Object.entries(headers ?? {});
  for (const [name, value] of entries) {
    if (typeof value !== 'string') {
      throw new EventxPublishError(
        `Event ${quoted(type)}: header ${quoted(name)} must be a string, not ${typeof value}.`,
      );
    }
    if (name === CONTENT_TYPE && (value === BYTES_CONTENT_TYPE) !== isBytes) {
      throw new EventxPublishError(
        `Event ${quoted(type)}: header "${CONTENT_TYPE}" says otherwise, but the data is ${isBytes ? 'bytes' : 'not bytes'}. ` +
          `The library sets this header for bytes; leave it out.`,
      );
    }
  }
  if (isBytes && !entries.some(([name]) => name === CONTENT_TYPE)) {
    entries.push([CONTENT_TYPE, BYTES_CONTENT_TYPE]);
  }
  return entries.length === 0 ? null : JSON.stringify(Object.fromEntries(entries));
}

/** `String.prototype.isWellFormed`, which the ES2023 type library does not know yet. */
function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
