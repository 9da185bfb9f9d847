import { describe, expect, test } from '@jest/globals';
import { type ConsumerContext, openEventLog, type OwnStorage } from 'nestjs-eventx';
import { type InMemoryEvent, InMemoryEventStorage } from 'nestjs-eventx/testing';

import { QUIET } from '../../support/app.js';
import { cleanUpAfterEach } from '../../support/clean-up.js';
import { Gate } from '../../support/consumers/gate.js';
import {
  type MemoryManager,
  MemoryConsumerStore,
} from '../../support/consumers/memory-consumer-store.js';
import { RecordingLogger } from '../../support/recording-logger.js';
import { range } from '../../support/stored-events.js';
import { until } from '../../support/until.js';

/** A storage of the application's own that keeps the places of consumers, too. */
class OwnLog extends InMemoryEventStorage<number> implements OwnStorage {
  readonly consumers = new MemoryConsumerStore(this);
}

describe('consumers in a storage of the application’s own', () => {
  const later = cleanUpAfterEach();
  const open = async (storage: OwnLog) => {
    const logger = new RecordingLogger();
    const log = await openEventLog<InMemoryEvent<number>>(undefined, {
      ...QUIET,
      logger,
      storage,
      retention: { maxTotalEvents: 1 },
      consumers: { lease: 400 },
    });
    later(() => log.close());
    const insert = (...payloads: number[]) => {
      storage.insert(...payloads);
      log.signal();
    };
    const finished = (name: string, offset: number) =>
      until(async () => (await log.consumers.get(name)).offset === offset, {
        what: `${name} to finish`,
      });
    return { log, logger, insert, finished };
  };

  test('go on where the last process was', async () => {
    const storage = new OwnLog();
    const handled: [process: string, seq: number][] = [];
    const run = async (process: string) => {
      const opened = await open(storage);
      opened.log.consumer({
        name: 'c',
        startFrom: 'earliest',
        handle: ({ seq }) => void handled.push([process, seq]),
      });
      return opened;
    };
    const one = await run('one');
    one.insert(1, 2, 3);
    await one.finished('c', 3);
    await one.log.close();
    const two = await run('two');
    two.insert(4, 5);
    await two.finished('c', 5);
    expect(handled).toEqual([
      ...[1, 2, 3].map((seq) => ['one', seq]),
      ...[4, 5].map((seq) => ['two', seq]),
    ]);
    expect(two.logger.of('log')).toContainEqual(expect.stringMatching(/"c" runs here.*seq 4 on/));
  });

  test('run in one process at a time, and are handed over when it ends', async () => {
    const storage = new OwnLog();
    const gate = new Gate();
    const handled: string[] = [];
    const run = async (process: string, hold?: Gate) => {
      const opened = await open(storage);
      opened.log.consumer({
        name: 'c',
        startFrom: 'earliest',
        handle: async ({ seq }) => {
          await hold?.pass();
          handled.push(`${process}: ${seq}`);
        },
      });
      return opened;
    };
    const one = await run('one', gate);
    one.insert(1);
    await gate.arrived();
    const two = await run('two');
    const closing = one.log.close();
    gate.open();
    await closing;
    two.insert(2);
    await two.finished('c', 2);
    expect(handled).toEqual(['one: 1', 'two: 2']);
  });

  test.each([1, 4])(
    'handle events once, in effect, in transactions of that storage, with %d at a time',
    async (concurrency) => {
      const storage = new OwnLog();
      const { log, insert, finished } = await open(storage);
      const tried = new Map<number, number>();
      log.consumer({
        name: 'c',
        startFrom: 'earliest',
        transactional: true,
        concurrency,
        retry: { backoff: { initial: 1, max: 1 } },
        handle: ({ seq }, context) => {
          const { manager } = context as unknown as ConsumerContext<MemoryManager>;
          manager.write(`${seq}`);
          tried.set(seq, (tried.get(seq) ?? 0) + 1);
          if (seq % 5 === 0 && tried.get(seq)! < 3) throw new Error('not yet');
        },
      });
      insert(...range(1, 40));
      await finished('c', 40);
      expect(storage.consumers.written.map(Number).sort((a, b) => a - b)).toEqual(range(1, 40));
    },
  );

  test('are operated, seen by retention, and park what they cannot handle', async () => {
    const storage = new OwnLog();
    const { log, logger, insert, finished } = await open(storage);
    expect(logger.of('warn')).toEqual([]);
    log.consumer({
      name: 'c',
      startFrom: 'earliest',
      retry: { attempts: 1 },
      afterRetries: 'park',
      handle: ({ seq }) => {
        if (seq === 2) throw new Error('never');
      },
    });
    await until(async () => (await log.consumers.list())[0]?.state === 'running', {
      what: 'it to run',
    });
    await log.consumers.pause('c');
    await until(async () => (await log.consumers.get('c')).owner === null, { what: 'the pause' });
    insert(1, 2, 3);
    await log.subscriber({ from: 3 }).fetch();
    expect(await log.retention!.runOnce()).toMatchObject({ deleted: 0, heldBackBy: ['c'] });

    await log.consumers.resume('c');
    await finished('c', 3);
    expect(storage.consumers.letters).toMatchObject([
      { consumer: 'c', letter: { event: { seq: 2 }, reason: 'failed', attempts: 1 } },
    ]);
    expect(await log.retention!.runOnce()).toMatchObject({ deleted: 2, heldBackBy: [] });
  });
});
