import type { DataSource, EntityManager } from 'typeorm';

/** What handlers did, as a table of the application's own database. */
export class Effects {
  private constructor(private readonly dataSource: DataSource) {}

  /** Creates the table. */
  static async in(dataSource: DataSource): Promise<Effects> {
    const id =
      dataSource.options.type === 'better-sqlite3'
        ? 'id INTEGER PRIMARY KEY AUTOINCREMENT'
        : 'id BIGINT PRIMARY KEY AUTO_INCREMENT';
    await dataSource.query(
      `CREATE TABLE effects (${id}, consumer VARCHAR(50) NOT NULL, seq BIGINT NOT NULL, note VARCHAR(50) NOT NULL)`,
    );
    return new Effects(dataSource);
  }

  /** Those of an application whose table exists. */
  static of(dataSource: DataSource): Effects {
    return new Effects(dataSource);
  }

  /** Writes one row, through the manager of a transactional handler or on its own. */
  async add(
    consumer: string,
    seq: number,
    manager: Pick<EntityManager, 'query'> = this.dataSource,
    note = '',
  ): Promise<void> {
    await manager.query('INSERT INTO effects (consumer, seq, note) VALUES (?, ?, ?)', [
      consumer,
      seq,
      note,
    ]);
  }

  /** What was committed, in the order it was written. */
  async rows(consumer: string): Promise<{ seq: number; note: string }[]> {
    const rows = await this.dataSource.query<{ seq: unknown; note: string }[]>(
      'SELECT seq, note FROM effects WHERE consumer = ? ORDER BY id',
      [consumer],
    );
    return rows.map(({ seq, note }) => ({ seq: Number(seq), note }));
  }

  /** The events of that, in the order they were written. */
  async seqs(consumer: string): Promise<number[]> {
    return (await this.rows(consumer)).map(({ seq }) => seq);
  }

  /** The events of that, sorted: for handlers that work beside each other. */
  async sorted(consumer: string): Promise<number[]> {
    return (await this.seqs(consumer)).sort((a, b) => a - b);
  }
}
