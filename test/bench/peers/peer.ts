/** A product at work: events go in by transactions, and come out at a handler. */
export interface Peer {
  /** Publishes event `n` in a transaction of its own; resolves when that has committed. */
  publish(n: number): Promise<void>;
  /** Begins to hand events to `handle`. When it has returned, the event counts as handled, durably as far as the product does that. */
  consume(handle: (n: number) => void): Promise<void>;
  close(): Promise<void>;
}

/** One way to set up a product. */
export interface Contender {
  readonly product: string;
  readonly version: string;
  /** `defaults`, or the documented settings that were changed. */
  readonly settings: string;
  readonly database: 'MariaDB' | 'PostgreSQL' | 'Redis';
  /** Whether the event commits together with the application's rows. */
  readonly transactional: boolean;
  /** On an empty database. */
  start(): Promise<Peer>;
}

/** What came of it. */
export interface PeerResult extends Omit<Contender, 'start'> {
  /** Publishing and handling at the same time, events/s; one sample a round. */
  readonly live: readonly number[];
  /** Handling what waits already, events/s. */
  readonly drain: readonly number[];
  /** Publish acknowledged → handler, in ms, at a low rate. */
  readonly p50: readonly number[];
  readonly p99: readonly number[];
  /** Events handled again. */
  readonly duplicates: number;
  /** Events handled after one whose publishing began when they were committed already. */
  readonly disorder: number;
}
