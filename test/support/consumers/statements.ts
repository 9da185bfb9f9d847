import type { DataSource, Logger } from 'typeorm';

/** Counts the statements of a data source. */
export function countStatements(dataSource: DataSource): {
  /** How many matched since the last call. */
  take(pattern: RegExp): number;
  stop(): void;
} {
  let seen: string[] = [];
  const { logger } = dataSource;
  const counting: Logger = {
    logQuery: (sql) => void seen.push(sql),
    logQueryError: () => undefined,
    logQuerySlow: () => undefined,
    logSchemaBuild: () => undefined,
    logMigration: () => undefined,
    log: () => undefined,
  };
  dataSource.logger = counting;
  return {
    take(pattern) {
      const matching = seen.filter((sql) => pattern.test(sql));
      seen = seen.filter((sql) => !pattern.test(sql));
      return matching.length;
    },
    stop: () => void (dataSource.logger = logger),
  };
}
