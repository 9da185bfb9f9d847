import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { EventxClosedError, EventxPublishError, NoTransactionError } from 'nestjs-eventx';
import type { DataSource } from 'typeorm';

import { startApp, startAppOn, type TestApp } from '../support/app.js';
import { connect, DATABASES, emptyDatabase } from '../support/data-sources.js';
import { typesAfter } from '../support/reading.js';

describe.each(DATABASES)('G1 atomic: what publish refuses on %s', (database) => {
  let log: TestApp;
  let before: number;
  beforeAll(async () => {
    log = await startAppOn(database, { options: { maxPayloadBytes: 100 } });
  });
  afterAll(() => log.close());
  beforeEach(() => {
    before = log.runner.status.lastSeq!;
  });

  test('a transaction of another data source: it could not commit together with the event', async () => {
    const other = await emptyDatabase(database);
    let dataSource: DataSource | undefined;
    try {
      dataSource = await connect(other.options);
      const work = dataSource.transaction((manager) => log.eventx.publish(manager, { type: 'a' }));
      await expect(work).rejects.toBeInstanceOf(NoTransactionError);
      await expect(work).rejects.toThrow(/another data source .* option "dataSource"/);
    } finally {
      await dataSource?.destroy();
      await other.remove();
    }
    expect(await typesAfter(log, before)).toEqual([]);
  });

  test('an event over the payload limit', async () => {
    const publish = (length: number) =>
      log.dataSource.transaction((manager) =>
        log.eventx.publish(manager, { type: 'a', data: 'x'.repeat(length - 2) }),
      );
    await expect(publish(101)).rejects.toThrow(EventxPublishError);
    await expect(publish(101)).rejects.toThrow(/take 101 bytes, the limit is 100/);
    await publish(100);
    expect(await typesAfter(log, before)).toEqual(['a']);
  });

  test('several events of which one is malformed: then none is published, and the transaction may go on', async () => {
    await log.dataSource.transaction(async (manager) => {
      await log.eventx.publish(manager, { type: 'before' });
      const events = [{ type: 'a' }, { type: '' }, { type: 'c' }];
      await expect(log.eventx.publish(manager, events)).rejects.toThrow(/type that is not empty/);
      await log.eventx.publish(manager, { type: 'after' });
    });
    expect(await typesAfter(log, before)).toEqual(['before', 'after']);
  });
});

describe.each(DATABASES)('a log that was shut down on %s', (database) => {
  test('takes no more events', async () => {
    const { options, remove } = await emptyDatabase(database);
    const log = await startApp(options);
    const { eventx } = log;
    await log.close();
    const other = await connect(options);
    try {
      const work = other.transaction((manager) => eventx.publish(manager, { type: 'late' }));
      await expect(work).rejects.toBeInstanceOf(EventxClosedError);
    } finally {
      await other.destroy();
      await remove();
    }
  });
});
