/** What a process says of itself. */
export interface ProcessReport {
  /** Host, process id and a random part; also the owner of the consumers it runs. */
  readonly id: string;
  /** Version of this library. */
  readonly version: string;
  /** What it does for the log, e.g. `sequence, consume`. */
  readonly roles: string;
  /** The last sequence number that it knows of; null before its first look at the log. */
  readonly lastSeq: number | null;
  /** Why its runner does not get on; null while it does. */
  readonly lastError: string | null;
}

/** A process as the database knows it. Times are the database's. */
export interface ProcessRecord extends ProcessReport {
  readonly startedAt: Date;
  readonly seenAt: Date;
  /** For how long nobody has heard of it, in ms. */
  readonly silentMs: number;
  /** Since when one try of its runner after the other has failed; null while it works. */
  readonly failingSince: Date | null;
}

/** The processes that run a log, so that people see which there are, and which have fallen silent. Nothing else depends on it. */
export interface ProcessStore {
  /** Says that the process is alive, and how it is. Forgets processes that nobody has heard of for `forgetMs`. */
  report(process: ProcessReport, forgetMs: number): Promise<void>;
  /** Says that the process ends. */
  leave(id: string): Promise<void>;
  /** Those that have not left, by id. */
  processes(): Promise<readonly ProcessRecord[]>;
}
