import type { DataSource } from 'typeorm';

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
