import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import type { EntityManager, EntitySubscriberInterface } from 'typeorm';

import { startAppOn, type TestApp } from '../support/app.js';
import { DATABASES } from '../support/data-sources.js';
import { range } from '../support/stored-events.js';
import { typesAfter } from '../support/reading.js';

/** More than fit one statement. */
const MANY = 2500;

describe.each(DATABASES)(
  'G1 atomic: TypeORM subscribers that act while a transaction commits on %s',
  (database) => {
    let log: TestApp;
    let before: number;
    beforeAll(async () => {
      log = await startAppOn(database);
    });
    afterAll(() => log.close());
    beforeEach(() => {
      before = log.runner.status.lastSeq!;
    });
    afterEach(() => {
      for (const subscriber of added.splice(0)) {
        log.dataSource.subscribers.splice(log.dataSource.subscribers.indexOf(subscriber), 1);
      }
    });

    const added: EntitySubscriberInterface[] = [];
    /** Acts once, at the next commit. */
    function beforeCommit(
      act: (manager: EntityManager) => Promise<unknown> | void,
      place: 'first' | 'last' = 'last',
    ): void {
      let done = false;
      const subscriber: EntitySubscriberInterface = {
        beforeTransactionCommit: ({ manager }) => {
          if (done) return;
          done = true;
          return act(manager) as Promise<void> | undefined;
        },
      };
      added.push(subscriber);
      if (place === 'last') log.dataSource.subscribers.push(subscriber);
      else log.dataSource.subscribers.unshift(subscriber);
    }

    const publish = (manager: EntityManager, ...types: string[]) =>
      log.eventx.publish(
        manager,
        types.map((type) => ({ type })),
      );
    const transaction = (...types: string[]) =>
      log.dataSource.transaction((manager) => publish(manager, ...types));
    const numbered = (count: number) => range(1, count).map(String);

    test.each(['first', 'last'] as const)('and publish belong to it (called %s)', async (place) => {
      beforeCommit((manager) => publish(manager, 'at once'), place);
      beforeCommit(async (manager) => {
        await delay(1);
        await publish(manager, 'after a while');
      }, place);
      await transaction('a', 'b');
      expect(await typesAfter(log, before)).toEqual(['a', 'b', 'at once', 'after a while']);
    });

    test('and publish in a transaction that had no event yet', async () => {
      beforeCommit((manager) => publish(manager, 'only'));
      await log.dataSource.transaction((manager) => manager.query('SELECT 1'));
      await log.reached(before + 1);
      expect(await typesAfter(log, before)).toEqual(['only']);
    });

    test('and publish while many events are being written come after all of them', async () => {
      beforeCommit(async (manager) => {
        await publish(manager, 'x');
        await publish(manager, 'y');
      });
      await transaction(...numbered(MANY));
      expect(await typesAfter(log, before)).toEqual([...numbered(MANY), 'x', 'y']);
    });

    test.each<[string, () => Promise<void> | void]>([
      [
        'at once',
        () => {
          throw new Error('vetoed');
        },
      ],
      ['after a while', () => Promise.reject(new Error('vetoed'))],
    ])('and veto it %s leave none of its events, however many there are', async (_, veto) => {
      beforeCommit(veto);
      await expect(transaction(...numbered(MANY))).rejects.toThrow('vetoed');
      expect(await typesAfter(log, before)).toEqual([]);
    });

    test('and publish after another one vetoed it publish nothing', async () => {
      let late: Promise<unknown> | undefined;
      beforeCommit((manager) => {
        late = delay(1).then(() => publish(manager, 'late'));
        late.catch(() => undefined);
        return Promise.reject(new Error('vetoed'));
      });
      await expect(transaction('a')).rejects.toThrow('vetoed');
      await expect(late).rejects.toThrow();
      expect(await typesAfter(log, before)).toEqual([]);
    });
  },
);
