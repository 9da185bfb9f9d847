import type { MariaDbServer } from '../../support/mariadb-server.mjs';
import { type CommandLine } from '../command-line.js';
import { type Sizes, SIZES } from '../sizes.js';
import { type BenchDatabase, createMariaDb } from './database.js';
import { startServer } from './server.js';

/** What scenarios work with: a server of their own, and how much to do. */
export class Lab {
  private constructor(
    private readonly server: MariaDbServer,
    readonly sizes: Sizes,
    readonly rounds: number,
  ) {}

  static async open({ size, rounds }: Pick<CommandLine, 'size' | 'rounds'>): Promise<Lab> {
    const sizes = SIZES[size];
    return new Lab(await startServer(), sizes, rounds ?? sizes.rounds);
  }

  async close(): Promise<void> {
    await this.server.stop();
  }

  /** URL of the server, without a database. */
  get url(): string {
    return this.server.url();
  }

  /** Gives `work` databases with empty logs, and removes them afterwards. */
  async withDatabases<T>(
    count: number,
    work: (...databases: BenchDatabase[]) => Promise<T>,
  ): Promise<T> {
    const databases: BenchDatabase[] = [];
    try {
      while (databases.length < count) databases.push(await createMariaDb(this.url));
      return await work(...databases);
    } finally {
      for (const database of databases) await database.remove();
    }
  }
}
