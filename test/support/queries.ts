import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import type { DataSource, EntitySubscriberInterface } from 'typeorm';
import type { AfterQueryEvent } from 'typeorm/subscriber/event/QueryEvent.js';

import type { AnsweredStatement } from '../../lib/typeorm/connections/own-connection.js';

const CHANNEL = 'nestjs-eventx:statement';

/**
 * Calls back for each statement that is answered: on the connections of the application's pool, and on those that its log has opened
 * itself.
 * @returns what ends it
 */
export function onStatement(
  dataSource: DataSource,
  seen: (sql: string, rows: number) => void,
): () => void {
  const ofPool: EntitySubscriberInterface = {
    afterQuery: ({ query, rawResults }: AfterQueryEvent) =>
      seen(query, Array.isArray(rawResults) ? rawResults.length : 0),
  };
  const ofLog = (message: unknown) => {
    const statement = message as AnsweredStatement;
    if (statement.dataSource === dataSource) seen(statement.sql, statement.rows);
  };
  dataSource.subscribers.push(ofPool);
  subscribe(CHANNEL, ofLog);
  return () => {
    unsubscribe(CHANNEL, ofLog);
    const index = dataSource.subscribers.indexOf(ofPool);
    if (index >= 0) dataSource.subscribers.splice(index, 1);
  };
}

/** Counts what is read from a database. */
export class ReadCounter {
  reads = 0;
  rows = 0;

  constructor(dataSource: DataSource, pattern: RegExp) {
    onStatement(dataSource, (sql, rows) => {
      if (!pattern.test(sql)) return;
      this.reads++;
      this.rows += rows;
    });
  }
}
