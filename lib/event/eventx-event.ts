import { freezeJson } from './deep-freeze.js';
import { EventDecodeError } from '../errors.js';
import type { SequencedEvent } from './event.js';
import { quoted } from '../util/quoted.js';

/** Header that says how the payload is encoded. Absent means JSON. */
export const CONTENT_TYPE = 'content-type';
/** The content type of a payload that was published as bytes. */
export const BYTES_CONTENT_TYPE = 'application/octet-stream';

/** String keys and string values, as in HTTP, Kafka and AMQP. */
export type EventHeaders = Readonly<Record<string, string>>;

/** An event as a storage read it: payload and headers not decoded yet. */
export interface StoredEvent {
  readonly id: number;
  readonly uuid: string;
  readonly type: string;
  readonly key: string | null;
  /** JSON text. */
  readonly headers: string | null;
  readonly data: Uint8Array;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

const NO_HEADERS: EventHeaders = Object.freeze({});

/**
 * An event of the log, as subscribers and handlers get it. One instance is shared by all of them, so it cannot be changed: `data` is
 * parsed at the first look, once, and deeply frozen. Bytes cannot be frozen; treat them as read-only.
 *
 * Where the type has a schema or upcasters, handlers get what those make of the payload. Its objects and arrays are deeply frozen, too.
 * Instances of classes in it (a Date, a Map, what a validator has made) are not; then each handler gets a payload of its own at each
 * attempt.
 *
 * @typeParam T the type of the payload. It is what the reader claims; nothing here validates it.
 */
export class EventxEvent<T = unknown> implements SequencedEvent {
  /** Primary key. Not an order: order by `seq`. */
  readonly id: number;
  /** UUID version 7, given at publish. */
  readonly uuid: string;
  readonly type: string;
  readonly key: string | null;
  /** The payload as stored. Treat as read-only. */
  readonly bytes: Uint8Array;
  /** Bytes of payload and envelope, approximately. */
  readonly size: number;

  private decodedHeaders: EventHeaders | undefined;
  private decodedData: { readonly value: T } | undefined;

  constructor(
    /** Place in the total order: 1, 2, 3, … */
    readonly seq: number,
    /** The row as it was read. */
    readonly stored: StoredEvent,
  ) {
    this.id = stored.id;
    this.uuid = stored.uuid;
    this.type = stored.type;
    this.key = stored.key;
    this.bytes = stored.data;
    this.size = storedSize(stored);
  }

  /** When the insert statement ran, by the database's clock, in ms precision. Commits come later: never order by it. */
  get createdAt(): Date {
    return new Date(this.stored.createdAt);
  }

  /** @throws EventDecodeError when the row does not hold an object of strings. */
  get headers(): EventHeaders {
    return (this.decodedHeaders ??= this.decodeHeaders());
  }

  /**
   * The payload: parsed JSON, deeply frozen, or the bytes that were published.
   * @throws EventDecodeError when the row does not hold valid JSON; the event's other properties stay readable.
   */
  get data(): T {
    return (this.decodedData ??= { value: this.decodeData() as T }).value;
  }

  /**
   * The payload decoded anew, for code that may change it.
   * @throws EventDecodeError as `data` does
   */
  decodeAgain(): unknown {
    return this.isBytes ? Buffer.from(this.bytes) : this.parseData();
  }

  /** The same event with another payload, e.g. one that was brought to a newer version. Whoever shares it freezes it first. */
  withData<U>(data: U): EventxEvent<U> {
    const event = new EventxEvent<U>(this.seq, this.stored);
    event.decodedData = { value: data };
    return event;
  }

  toJSON(): object {
    const { seq, id, uuid, type, key, headers, createdAt } = this;
    const data = this.isBytes ? toBase64(this.bytes) : this.data;
    return { seq, id, uuid, type, key, headers, data, createdAt };
  }

  private decodeHeaders(): EventHeaders {
    const stored = this.stored.headers;
    if (stored === null) return NO_HEADERS;
    const value = this.parse(() => stored, 'headers');
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw this.decodeError('headers', 'they are not a JSON object');
    }
    if (Object.values(value).some((header) => typeof header !== 'string')) {
      throw this.decodeError('headers', 'not all of them are strings');
    }
    return Object.freeze(value) as EventHeaders;
  }

  private decodeData(): unknown {
    return this.isBytes ? this.bytes : freezeJson(this.parseData());
  }

  private get isBytes(): boolean {
    return this.headers[CONTENT_TYPE] === BYTES_CONTENT_TYPE;
  }

  private parseData(): unknown {
    return this.parse(() => utf8.decode(this.bytes), 'data');
  }

  private parse(text: () => string, what: string): unknown {
    try {
      return JSON.parse(text());
    } catch {
      // The parser's own message quotes the payload, which must not reach a log.
      throw this.decodeError(what, 'it is not valid JSON');
    }
  }

  private decodeError(what: string, why: string): EventDecodeError {
    return new EventDecodeError(
      `Event ${this.seq} (id ${this.id}, type ${quoted(this.type)}): its ${what} cannot be decoded, ${why}. ` +
        `The row was not written by publish, or was changed since.`,
    );
  }
}

/** Fatal: bytes that are no text would turn into other text, and nobody would know. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Approximate size in bytes of a stored event: payload, strings and a fixed allowance for the rest. */
export function storedSize({
  data,
  type,
  key,
  headers,
}: Pick<StoredEvent, 'type' | 'key' | 'headers'> & {
  readonly data: { readonly byteLength: number };
}): number {
  return data.byteLength + type.length + (key?.length ?? 0) + (headers?.length ?? 0) + 64;
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
