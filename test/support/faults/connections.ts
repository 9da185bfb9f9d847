import { setTimeout as delay } from 'node:timers/promises';

import type { DataSource } from 'typeorm';

import { until } from '../until.js';

/** Takes every connection of a pool, as transactions that stay open do. @returns what gives them back */
export async function holdAllConnections(
  dataSource: DataSource,
  poolSize: number,
): Promise<() => Promise<void>> {
  const connections = Array.from({ length: poolSize }, () => dataSource.createQueryRunner());
  const release = async () => {
    for (const connection of connections) {
      // It may be lost by now.
      await connection.rollbackTransaction().catch(() => undefined);
      await connection.release();
    }
  };
  const begun = await Promise.allSettled(
    connections.map((connection) => connection.startTransaction()),
  );
  const failed = begun.find((result) => result.status === 'rejected');
  if (!failed) return release;
  await release();
  throw failed.reason;
}

/**
 * Takes connections of a pool, begins a transaction on each, behind TypeORM's back, and gives them back with it open: as code does that
 * forgets the end, or whose end failed.
 * @param work what each of them does in its transaction
 * @returns the ids of the connections
 */
export async function leakTransactions(
  dataSource: DataSource,
  count: number,
  work: string,
): Promise<number[]> {
  const connections = Array.from({ length: count }, () => dataSource.createQueryRunner());
  const leaked: number[] = [];
  // Together: each of them takes the connection that was given back last.
  const leaking = connections.map(async (connection) => {
    await connection.query('START TRANSACTION');
    await connection.query(work);
    const [{ id }] = (await connection.query('SELECT CONNECTION_ID() AS id')) as [{ id: string }];
    leaked.push(Number(id));
  });
  // Where a fault hit the connection there is nothing to leak.
  await Promise.allSettled(leaking);
  await Promise.all(connections.map((connection) => connection.release()));
  return leaked;
}

/** Destroys a data source that is in use and initializes it again, as applications do whose credentials change. @param ms pause between */
export async function initializeAgain(dataSource: DataSource, ms: number): Promise<void> {
  await destroy(dataSource);
  await delay(ms);
  const again = async () => {
    // Where it failed half-way.
    if (dataSource.isInitialized) await destroy(dataSource);
    return dataSource.initialize();
  };
  await until(again, { what: 'the data source to be initialized', timeoutMs: 60_000 });
}

/**
 * A pool that loses one of its connections while it closes them says that it failed, and does so for ever, though none is open any
 * more: TypeORM would take the data source for initialized, and never open another pool.
 */
async function destroy(dataSource: DataSource): Promise<void> {
  await dataSource.destroy().catch(() => Object.assign(dataSource, { isInitialized: false }));
}
