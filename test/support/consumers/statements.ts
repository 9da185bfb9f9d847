import type { DataSource } from 'typeorm';

import { onStatement } from '../queries.js';

/** Counts the statements of an application and of its log. */
export function countStatements(dataSource: DataSource): {
  /** How many matched since the last call. */
  take(pattern: RegExp): number;
  stop(): void;
} {
  let seen: string[] = [];
  return {
    take(pattern) {
      const matching = seen.filter((sql) => pattern.test(sql));
      seen = seen.filter((sql) => !pattern.test(sql));
      return matching.length;
    },
    stop: onStatement(dataSource, (sql) => void seen.push(sql)),
  };
}
