import { AsyncLocalStorage } from 'node:async_hooks';

import { describe, expect, test } from '@jest/globals';
import { EventxRunner } from 'nestjs-eventx';
import { type InMemoryEvent, InMemoryEventStorage } from 'nestjs-eventx/testing';

import { Consumer } from '../../lib/consumer/definition/consumer.js';
import { CustomOffsetStore, memoryOffsets } from '../../lib/consumer/ownership/custom-offsets.js';
import { ConsumerSupervisor } from '../../lib/consumer/ownership/supervisor.js';
import { resolveConsumerProcessOptions } from '../../lib/consumer/ownership/supervisor-options.js';
import { SignalSender } from '../../lib/signal/signal-sender.js';
import { silentLogger } from '../support/silent-logger.js';
import { until } from '../support/until.js';

type E = InMemoryEvent<number>;

describe('what a request starts and does not end with it runs in no request', () => {
  const request = new AsyncLocalStorage<string>();

  test.each([1, 3])('consumers, %d at a time', async (concurrency) => {
    const log = new InMemoryEventStorage<number>();
    log.insert(1, 2, 3);
    const end = new AbortController();
    const runner = new EventxRunner<E>(log);
    const supervisor = new ConsumerSupervisor<E, never>(
      { storage: log, subscriber: runner.subscriber.bind(runner) },
      resolveConsumerProcessOptions(),
      { logger: silentLogger, owner: 'me' },
    );
    const running = Promise.all([runner.run(end.signal), supervisor.run(end.signal)]);
    const seen: (string | undefined)[] = [];
    const failed = new Set<number>();
    const consumer = new Consumer<E, never>({
      name: 'c',
      options: { startFrom: 'earliest', concurrency, retry: { backoff: { initial: 1, max: 1 } } },
      handlers: [
        {
          types: '*',
          handle: async ({ seq }: { seq: number }) => {
            seen.push(request.getStore());
            await new Promise(setImmediate);
            seen.push(request.getStore());
            if (failed.has(seq)) return;
            failed.add(seq);
            throw new Error('once');
          },
        },
      ],
    });
    request.run('a request', () =>
      supervisor.add(consumer, new CustomOffsetStore('c', memoryOffsets(), log)),
    );
    await until(() => seen.length === 12, { what: 'all to be handled' });
    request.run('another', () => supervisor.wake());
    end.abort();
    await running;
    expect(new Set(seen)).toEqual(new Set([undefined]));
  });

  test('the runner, and what it reads', async () => {
    const seen = new Set<string | undefined>();
    class Log extends InMemoryEventStorage<number> {
      override readState() {
        seen.add(request.getStore());
        return super.readState();
      }
    }
    const end = new AbortController();
    const runner = new EventxRunner<E>(new Log());
    const running = request.run('a request', () => runner.run(end.signal));
    await until(() => runner.status.lastSeq !== null, { what: 'the first look' });
    end.abort();
    await running;
    expect(seen).toEqual(new Set([undefined]));
  });

  test('signals to other processes', async () => {
    const seen: (string | undefined)[] = [];
    const send = () => Promise.resolve(void seen.push(request.getStore()));
    const sender = new SignalSender({ send }, { logger: silentLogger });
    request.run('a request', () => sender.signal());
    await until(() => seen.length === 1, { what: 'the signal' });
    await sender.close();
    expect(seen).toEqual([undefined]);
  });
});
