import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { EventxRunner } from 'nestjs-eventx';
import { type InMemoryEvent, InMemoryEventStorage } from 'nestjs-eventx/testing';

import { Consumer } from '../../../lib/consumer/definition/consumer.js';
import {
  CustomOffsetStore,
  memoryOffsets,
} from '../../../lib/consumer/ownership/custom-offsets.js';
import { ConsumerSupervisor } from '../../../lib/consumer/ownership/supervisor.js';
import { resolveConsumerProcessOptions } from '../../../lib/consumer/ownership/supervisor-options.js';
import type { ConsumerRecord, Lease } from '../../../lib/storage/index.js';
import { Gate } from '../../support/consumers/gate.js';
import { RecordingLogger } from '../../support/recording-logger.js';
import { until } from '../../support/until.js';

type E = InMemoryEvent<number>;

/** A store in memory whose answers a test can hold up. */
class SlowStore extends CustomOffsetStore<E> {
  acquiring: Gate | null = null;
  answering: Gate | null = null;
  acquired = 0;
  asked = 0;
  renewed = 0;

  override async records(): Promise<readonly ConsumerRecord[]> {
    this.asked++;
    const records = await super.records();
    await this.answering?.pass();
    return records;
  }

  override async acquire(consumer: string, owner: string, leaseMs: number): Promise<Lease | null> {
    await this.acquiring?.pass();
    this.acquired++;
    return super.acquire(consumer, owner, leaseMs);
  }

  override renew(...args: [string, readonly string[], number]): Promise<void> {
    this.renewed++;
    return super.renew(...args);
  }
}

describe('the consumers of a process', () => {
  const log = new InMemoryEventStorage<number>();
  const end = new AbortController();
  let running: Promise<unknown>;
  let supervisor: ConsumerSupervisor<E, never>;
  const signals: AbortSignal[] = [];
  const add = (name: string) => {
    const store = new SlowStore(name, memoryOffsets(), log);
    const consumer = new Consumer<E, never>({
      name,
      options: { startFrom: 'earliest' },
      handlers: [{ types: '*', handle: (_event, { signal }) => void signals.push(signal) }],
    });
    return { store, add: () => supervisor.add(consumer, store) };
  };
  beforeEach(() => {
    log.insert(1, 2, 3);
    const runner = new EventxRunner<E>(log);
    const subscriber = runner.subscriber.bind(runner);
    supervisor = new ConsumerSupervisor(
      { storage: log, subscriber },
      resolveConsumerProcessOptions({ lease: 400, shutdownTimeout: 1000 }),
      { logger: new RecordingLogger(), owner: 'me' },
    );
    running = Promise.all([runner.run(end.signal), supervisor.run(end.signal)]);
  });
  afterEach(async () => {
    end.abort();
    await running;
  });

  test('one that takes long to start holds up no heartbeat, and what was read meanwhile does not end it', async () => {
    const { store, add: addSlow } = add('slow');
    store.acquiring = new Gate();
    addSlow();
    await store.acquiring.arrived();
    // A look at the store that sees it before it has its lease, and is answered when it runs.
    store.answering = new Gate();
    supervisor.wake();
    await store.answering.arrived();
    store.acquiring.open();
    await until(() => signals.length > 0, { what: 'it to run' });
    store.answering.open();
    const asked = store.asked;
    supervisor.wake();
    await until(() => store.asked > asked + 1, { what: 'two more looks' });
    expect(store.acquired).toBe(1);
    expect(store.renewed).toBeGreaterThan(0);
    expect(signals.some(({ aborted }) => aborted)).toBe(false);
  });
});
