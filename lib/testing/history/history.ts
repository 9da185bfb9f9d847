/** An event as somebody saw it. */
export interface Sighting {
  readonly seq: number;
  readonly uuid: string;
}

/** A transaction of a writer that published, and what the writer knows of its end. It also wrote a row of its own. */
export interface WriterTransaction {
  readonly writer: string;
  /** Its events in the order in which they were published; at least one. The first one also names its row. */
  readonly uuids: readonly string[];
  /** `unknown`: the writer got no answer to its COMMIT, or died. */
  readonly outcome: 'committed' | 'rolled back' | 'unknown';
  /** Before it began, in ms of a clock that all writers share. */
  readonly begun: number;
  /** After its end was known, in ms of the same clock; null when it never was. */
  readonly ended: number | null;
}

/** A row of the events table at the end, or one that retention has deleted. */
export interface LoggedEvent {
  readonly seq: number | null;
  readonly uuid: string;
  readonly key?: string | null;
  /** Which versions its transaction gave to rows that it had locked, by the name of the row: an earlier one plus one. */
  readonly versions?: Readonly<Record<string, number>>;
}

/** What a consumer did with all the events of the log. */
export interface ConsumerHistory {
  /** The events (by seq) of which it left an effect, in the order in which it did. */
  readonly effects: readonly number[];
  /** How often an event may have an effect: `once` for transactional consumers. */
  readonly times: 'once' | 'at least once';
  /** Which order it keeps: that of the log, or, beside each other, that of each key. */
  readonly order: 'log' | 'key';
  /** The events (by seq) that lie in its dead letters, together with all later ones of their keys. @default none */
  readonly parked?: readonly number[];
}

/** What happened to a log, as those on the outside know it. */
export interface History {
  readonly transactions: readonly WriterTransaction[];
  /** The rows of transactions at the end, each by the uuid of its first event. */
  readonly rows: readonly string[];
  /** What each subscriber that began at seq 1 was given, in the order in which it was given. */
  readonly subscribers: Readonly<Record<string, readonly Sighting[]>>;
  /** Consumers of all events that began at seq 1. @default none */
  readonly consumers?: Readonly<Record<string, ConsumerHistory>>;
  /** Every event there ever was. */
  readonly log: readonly LoggedEvent[];
  /** What the state row says at the end. */
  readonly lastSeq: number;
  /** The versions at the end of the rows that `LoggedEvent.versions` names. @default not checked */
  readonly versions?: Readonly<Record<string, number>>;
}
