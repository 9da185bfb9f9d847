import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { EventxPublishError } from 'nestjs-eventx';
import type { EntitySubscriberInterface } from 'typeorm';

import { startAppOn, type TestApp } from '../support/app.js';
import { DATABASES } from '../support/data-sources.js';
import { typesAfter } from '../support/reading.js';

describe.each(DATABASES)('events that take time to validate on %s', (database) => {
  let log: TestApp;
  let before: number;
  /** Lets the validators answer. */
  let answer: () => void;
  let answered: Promise<void>;

  /** Takes what is true, when it is told to. */
  const slow: StandardSchemaV1 = {
    '~standard': {
      version: 1,
      vendor: 'by hand',
      validate: async (value) => {
        await answered;
        return value === true ? { value } : { issues: [{ message: 'must be true' }] };
      },
    },
  };

  beforeAll(async () => {
    log = await startAppOn(database, {
      options: { events: { slow: { schema: slow }, quick: {} } },
    });
  });
  afterAll(() => log.close());
  beforeEach(() => {
    before = log.runner.status.lastSeq!;
    answered = new Promise((resolve) => (answer = resolve));
  });

  /** Acts when the next commit has begun. */
  const onCommit = (act: () => void) => {
    const { subscribers } = log.dataSource;
    const subscriber: EntitySubscriberInterface = {
      beforeTransactionCommit() {
        subscribers.splice(subscribers.indexOf(subscriber), 1);
        setImmediate(act);
      },
    };
    subscribers.push(subscriber);
  };

  /** A promise whose rejection nobody minds. */
  const quietly = <T>(promise: Promise<T>) => {
    promise.catch(() => undefined);
    return promise;
  };

  test('keep the order of the calls, though nobody awaits them', async () => {
    await log.dataSource.transaction((manager) => {
      void log.eventx.publish(manager, { type: 'quick' });
      void log.eventx.publish(manager, { type: 'slow', data: true });
      void log.eventx.publish(manager, [{ type: 'quick' }, { type: 'slow', data: true }]);
      void log.eventx.publish(manager, { type: 'quick' });
      answer();
      return Promise.resolve();
    });
    expect(await typesAfter(log, before)).toEqual(['quick', 'slow', 'quick', 'slow', 'quick']);
  });

  test('are waited for by the commit', async () => {
    let publishing: Promise<unknown> | undefined;
    onCommit(answer);
    const transaction = log.dataSource.transaction((manager) => {
      publishing = log.eventx.publish(manager, { type: 'slow', data: true });
      return Promise.resolve();
    });
    await transaction;
    await publishing;
    expect(await typesAfter(log, before)).toEqual(['slow']);
  });

  test('and turn out wrong while the commit waits refuse it, as the application believes it published', async () => {
    let publishing: Promise<unknown> | undefined;
    onCommit(answer);
    const transaction = log.dataSource.transaction((manager) => {
      void log.eventx.publish(manager, { type: 'quick' });
      publishing = quietly(log.eventx.publish(manager, { type: 'slow', data: false }));
      return Promise.resolve();
    });
    await expect(transaction).rejects.toBeInstanceOf(EventxPublishError);
    await expect(publishing).rejects.toThrow(/must be true/);
    expect(await typesAfter(log, before)).toEqual([]);
  });

  test('and turn out wrong before that are in the way of nothing', async () => {
    await log.dataSource.transaction(async (manager) => {
      void log.eventx.publish(manager, { type: 'quick' });
      const wrong = log.eventx.publish(manager, { type: 'slow', data: false });
      void log.eventx.publish(manager, { type: 'slow', data: true });
      answer();
      await expect(wrong).rejects.toThrow(/must be true/);
    });
    expect(await typesAfter(log, before)).toEqual(['quick', 'slow']);
  });

  test('are gone with the savepoint they were published in', async () => {
    await log.dataSource.transaction(async (manager) => {
      await manager
        .transaction((inner) => {
          void log.eventx.publish(inner, { type: 'slow', data: true });
          throw new Error('changed my mind');
        })
        .catch(() => undefined);
      void log.eventx.publish(manager, { type: 'quick' });
      answer();
    });
    expect(await typesAfter(log, before)).toEqual(['quick']);
  });

  test('are as they were when publish was called', async () => {
    const event = { type: 'slow', key: 'k', data: true, headers: { h: '1' } };
    await log.dataSource.transaction((manager) => {
      void log.eventx.publish(manager, event);
      Object.assign(event, { key: 'other', headers: { h: '2' } });
      answer();
      return Promise.resolve();
    });
    await log.reached(before + 1);
    const [stored] = await log.eventx.read(before + 1, 1);
    expect(stored).toMatchObject({ key: 'k', headers: { h: '1' } });
  });
});
