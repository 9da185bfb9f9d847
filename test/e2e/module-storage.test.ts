import { describe, expect, test } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  EventxModule,
  EventxPublishError,
  EventxRunner,
  EventxService,
  OnEventx,
} from 'nestjs-eventx';
import { type InMemoryEvent, InMemoryEventStorage } from 'nestjs-eventx/testing';
import type { EntityManager } from 'typeorm';

import { QUIET, startApp, startNest } from '../support/app.js';
import { cleanUpAfterEach } from '../support/clean-up.js';
import { emptyDatabase } from '../support/data-sources.js';
import { NestRecording } from '../support/recording-nest.js';
import { take } from '../support/reading.js';
import { seqsOf } from '../support/stored-events.js';

describe('a storage of the application’s own', () => {
  const later = cleanUpAfterEach();

  test('needs no TypeORM data source', async () => {
    const storage = new InMemoryEventStorage<string>();
    const app = await startNest([EventxModule.forRoot({ ...QUIET, storage })]);
    later(() => app.close());
    const eventx = app.get<EventxService<InMemoryEvent<string>>>(EventxService);
    const subscriber = eventx.subscriber({ from: 'earliest' });
    storage.insert('a', 'b');
    eventx.signal();
    const events = await take(subscriber, 2);
    expect(seqsOf(events)).toEqual([1, 2]);
    expect(events.map(({ data }) => data)).toEqual(['a', 'b']);
    expect(app.get(EventxRunner).status.running).toBe(true);
  });

  test('is followed by the poll where nobody signals', async () => {
    const storage = new InMemoryEventStorage<string>();
    const app = await startNest([EventxModule.forRoot({ pollInterval: 1, storage })]);
    later(() => app.close());
    const subscriber = app.get<EventxService<InMemoryEvent>>(EventxService).subscriber({ from: 1 });
    const waiting = subscriber.fetch();
    storage.insert('a');
    expect(seqsOf(await waiting)).toEqual([1]);
  });

  test('takes its events itself: publish says so', async () => {
    const storage = new InMemoryEventStorage<string>();
    const app = await startNest([EventxModule.forRoot({ ...QUIET, storage })]);
    later(() => app.close());
    const publishing = app.get(EventxService).publish({} as EntityManager, { type: 'a' });
    await expect(publishing).rejects.toBeInstanceOf(EventxPublishError);
    await expect(publishing).rejects.toThrow(/storage of its own: write events to it/);
  });

  test('keeps no offsets, so that retention says once, at the start, what it cannot see', async () => {
    const recording = new NestRecording();
    later(recording.start());
    const storage = new InMemoryEventStorage<string>();
    @Injectable()
    class Prices {
      @OnEventx('*', { consumer: 'prices', broadcast: true })
      handle() {}
    }
    @Module({
      imports: [EventxModule.forRoot({ ...QUIET, storage, retention: { maxTotalEvents: 1 } })],
      providers: [Prices],
    })
    class AppModule {}
    const app = await NestFactory.createApplicationContext(AppModule, {
      logger: recording,
      abortOnError: false,
    });
    later(() => app.close());
    const warnings = recording.lines.filter((line) => line.startsWith('warn: Retention'));
    expect(warnings).toEqual([
      expect.stringMatching(/cannot see consumers of other processes.*declares \(prices\)/),
    ]);
  });

  test('leaves the data source of the application alone', async () => {
    const { options, remove } = await emptyDatabase('sqlite');
    later(remove);
    const log = await startApp(options, { options: { storage: new InMemoryEventStorage() } });
    later(() => log.close());
    expect(await log.dataSource.query('SELECT name FROM sqlite_master')).toEqual([]);
  });
});

test('without a data source and without a storage the module says what it needs', async () => {
  await expect(startNest([EventxModule.forRoot(QUIET)])).rejects.toThrow(
    /found no TypeORM data source. Import TypeOrmModule.forRoot\(…\)/,
  );
});
