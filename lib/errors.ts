/** Base of every error this library raises: a stable `code` for programs, a message that says what to do for people. */
export abstract class EventxError extends Error {
  /** Stable across versions; compare this, not the message. */
  abstract readonly code: string;

  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** An option has a value that cannot work. Raised at startup. */
export class EventxOptionsError extends EventxError {
  readonly code = 'EVENTX_OPTIONS';
}

/** An event was refused before it reached the database. Nothing was written. */
export class EventxPublishError extends EventxError {
  readonly code = 'EVENTX_PUBLISH';
}

/** `publish` was given a manager that has no open transaction on the log's data source. */
export class NoTransactionError extends EventxError {
  readonly code = 'EVENTX_NO_TRANSACTION';
}

/** A stored event cannot be decoded: its payload or its headers are not what `publish` writes. */
export class EventDecodeError extends EventxError {
  readonly code = 'EVENTX_EVENT_DECODE';
}

/** The log does not have the event at a subscriber's position: retention deleted it, or a row is missing. */
export class EventNotFoundError extends EventxError {
  readonly code = 'EVENTX_EVENT_NOT_FOUND';

  constructor(
    /** The sequence number that was asked for. */
    readonly seq: number,
    /** The smallest later sequence number that the log still has; null when it has none. */
    readonly nextAvailable: number | null,
  ) {
    super(
      nextAvailable === null
        ? `Event ${seq} is not in the log any more, nor is any later one: retention or a manual delete removed them. ` +
            `Subscribe from 'latest' to go on with new events.`
        : `Event ${seq} is not in the log: retention or a manual delete removed it. The next event the log has is ` +
            `${nextAvailable}. Subscribe from there if the events in between may be missed.`,
    );
  }
}

/** The log moved back, or was replaced, under a subscriber: what it already saw may no longer be true. */
export class LogTruncatedError extends EventxError {
  readonly code = 'EVENTX_LOG_TRUNCATED';

  constructor(
    /** The position of the subscriber: the next sequence number it would have read. */
    readonly position: number,
    /** The last sequence number of the log as it is now. */
    readonly lastSeq: number,
  ) {
    super(
      `The log was truncated or replaced: a subscriber is at seq ${position}, the log now ends at ${lastSeq} ` +
        `(a restored backup, a failover that lost commits, TRUNCATE?). Decide what the lost events mean for what was ` +
        `already handled, then subscribe anew.`,
    );
  }
}

/** The log was closed (the application shuts down) while somebody waited for an event. */
export class EventxClosedError extends EventxError {
  readonly code = 'EVENTX_CLOSED';

  constructor() {
    super('The event log was closed: the application is shutting down.');
  }
}

/** A call came at a moment that the contract of the object does not allow. */
export class EventxUsageError extends EventxError {
  readonly code = 'EVENTX_USAGE';
}

/** The database is not fit for a log, or its schema is not the one this version needs. Raised at startup. */
export class EventxSchemaError extends EventxError {
  readonly code = 'EVENTX_SCHEMA';
}

/** The stored log contradicts itself. Sequencing stops rather than number an event twice. */
export class LogCorruptError extends EventxError {
  readonly code = 'EVENTX_LOG_CORRUPT';
}

/** The database did not answer in time; the connection was given up and nothing is known of the outcome. */
export class StorageTimeoutError extends EventxError {
  readonly code = 'EVENTX_STORAGE_TIMEOUT';
}

/**
 * The database answered a read with what was true once, which a locking read contradicts. Nothing was concluded from it; it is read
 * again.
 */
export class StaleReadError extends EventxError {
  readonly code = 'EVENTX_STALE_READ';

  /** @param contradiction what it said, and what is so */
  constructor(contradiction: string) {
    super(
      `The database answered with what is not true any more: ${contradiction}. Is there a proxy that sends SELECTs to replicas? ` +
        `Connect the log to the primary itself, or exempt its user from read/write splitting.`,
    );
  }
}

/** The application has closed its data source. The log goes on when that is initialized again. */
export class DataSourceClosedError extends EventxError {
  readonly code = 'EVENTX_DATA_SOURCE_CLOSED';

  constructor() {
    super(
      'The data source of the log is not initialized: it was destroyed, or is about to connect. The log goes on as soon as it is.',
    );
  }
}

/** A handler took longer than its consumer allows. */
export class HandlerTimeoutError extends EventxError {
  readonly code = 'EVENTX_HANDLER_TIMEOUT';
}

/** This process does not have the consumer any more: another one took it over, or its offset was moved by hand. */
export class LeaseLostError extends EventxError {
  readonly code = 'EVENTX_LEASE_LOST';
}

/** Thrown by a handler for a failure that no further attempt can mend: the event is parked, or the consumer halts, at once. */
export class NonRetryableError extends EventxError {
  readonly code = 'EVENTX_NON_RETRYABLE';
}

/** A consumer stopped for good, by its policy; the message says why and how to go on. */
export class ConsumerHaltedError extends EventxError {
  readonly code = 'EVENTX_CONSUMER_HALTED';
}
