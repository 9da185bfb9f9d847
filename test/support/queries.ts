import type { DataSource, EntitySubscriberInterface } from 'typeorm';
import type { AfterQueryEvent } from 'typeorm/subscriber/event/QueryEvent.js';

/** Counts what is read from a data source. */
export class ReadCounter implements EntitySubscriberInterface {
  reads = 0;
  rows = 0;

  constructor(
    dataSource: DataSource,
    private readonly pattern: RegExp,
  ) {
    dataSource.subscribers.push(this);
  }

  afterQuery({ query, rawResults }: AfterQueryEvent): void {
    if (!this.pattern.test(query)) return;
    this.reads++;
    this.rows += (rawResults as unknown[] | undefined)?.length ?? 0;
  }
}
