/** One statement with its parameters. */
export interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** A row as the driver gives it. */
export type Row = Readonly<Record<string, unknown>>;

/** A connection to the database, whoever opened it. One statement at a time. */
export interface SqlConnection {
  /** Runs a statement. @returns its rows */
  rows(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
  /** Runs a statement that changes rows. @returns how many it found to change */
  change(statement: Statement): Promise<number>;
  /** Runs `work` in a transaction of its own, which is committed if `keep` says so of the result, else rolled back. */
  transaction<T>(work: () => Promise<T>, keep?: (result: T) => boolean): Promise<T>;
}

/** Commits everything that does not throw. */
export const always = (): boolean => true;
