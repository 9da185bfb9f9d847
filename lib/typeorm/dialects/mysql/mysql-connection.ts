import type { DataSource } from 'typeorm';

import { StorageTimeoutError } from '../../../errors.js';
import { type OwnConnection, tell } from '../../connections/own-connection.js';
import { always, type Row, type Statement } from '../../connections/sql-connection.js';

/** What we use of a connection of mysql2 (or mysql). */
export interface RawMySqlConnection {
  connect(done: (error: Error | null) => void): void;
  query(sql: string, values: readonly unknown[], done: QueryDone): void;
  end(done: () => void): void;
  destroy(): void;
  on(event: 'error' | 'end', listener: () => void): unknown;
}

/** How long the server may take to close a connection, in ms. */
const GOOD_BYE_MS = 1000;

type QueryDone = (error: Error | null, result: unknown) => void;

/** A session of a MySQL or MariaDB server that the log has opened itself. */
export class MySqlConnection implements OwnConnection {
  isOpen = true;

  private constructor(
    private readonly dataSource: DataSource,
    private readonly raw: RawMySqlConnection,
  ) {
    const ended = () => (this.isOpen = false);
    // Without a listener an error of an idle connection would end the process.
    raw.on('error', ended);
    raw.on('end', ended);
  }

  /**
   * @param setUp statements that every session begins with
   * @param timeoutMs for all of it together: a server may accept a connection and say nothing
   * @throws what the driver throws, or StorageTimeoutError
   */
  static async open(
    dataSource: DataSource,
    raw: RawMySqlConnection,
    setUp: readonly string[],
    timeoutMs: number,
  ): Promise<MySqlConnection> {
    const connection = new MySqlConnection(dataSource, raw);
    let timer: NodeJS.Timeout | undefined;
    try {
      const timeout = new Promise<never>((_, reject) => {
        timer = setTimeout(
          () => reject(new StorageTimeoutError(`The database let nobody in for ${timeoutMs} ms.`)),
          timeoutMs,
        );
      });
      await Promise.race([connection.begin(setUp), timeout]);
      return connection;
    } catch (error) {
      connection.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async rows(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    return (await this.run(sql, parameters)) as Row[];
  }

  async change({ sql, parameters }: Statement): Promise<number> {
    return affected(await this.run(sql, parameters));
  }

  /** Several statements in one round trip. @returns how many rows each of them found to change */
  async changeAll(statements: readonly Statement[]): Promise<number[]> {
    const results = await this.run(
      statements.map(({ sql }) => sql).join('; '),
      statements.flatMap(({ parameters }) => parameters),
    );
    return (Array.isArray(results) ? results : [results]).map(affected);
  }

  async transaction<T>(work: () => Promise<T>, keep: (result: T) => boolean = always): Promise<T> {
    await this.run('START TRANSACTION');
    // After an error the connection is given up, and the server rolls back.
    const result = await work();
    await this.run(keep(result) ? 'COMMIT' : 'ROLLBACK');
    return result;
  }

  async end(): Promise<void> {
    this.isOpen = false;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, GOOD_BYE_MS);
      this.raw.end(() => resolve());
    });
    clearTimeout(timer);
    this.raw.destroy();
  }

  destroy(): void {
    this.isOpen = false;
    this.raw.destroy();
  }

  private async begin(setUp: readonly string[]): Promise<void> {
    await new Promise<void>((resolve, reject) =>
      this.raw.connect((error) => (error ? reject(error) : resolve())),
    );
    if (setUp.length > 0) await this.run(setUp.join('; '));
  }

  private run(sql: string, parameters: readonly unknown[] = []): Promise<unknown> {
    return new Promise((resolve, reject) =>
      this.raw.query(sql, parameters, (error, result) => {
        if (error) reject(error);
        else {
          tell(this.dataSource, sql, () =>
            Array.isArray(result) ? result.length : affected(result),
          );
          resolve(result);
        }
      }),
    );
  }
}

function affected(result: unknown): number {
  const { affectedRows } = (result ?? {}) as { affectedRows?: unknown };
  return typeof affectedRows === 'number' ? affectedRows : 0;
}
