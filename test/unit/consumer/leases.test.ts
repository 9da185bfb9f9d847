import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { EventxRunner, LeaseLostError } from 'nestjs-eventx';
import { type InMemoryEvent, InMemoryEventStorage } from 'nestjs-eventx/testing';

import { Consumer } from '../../../lib/consumer/definition/consumer.js';
import { ConsumerSupervisor } from '../../../lib/consumer/ownership/supervisor.js';
import { resolveConsumerProcessOptions } from '../../../lib/consumer/ownership/supervisor-options.js';
import { Gate } from '../../support/consumers/gate.js';
import { LeasedStore } from '../../support/consumers/leased-store.js';
import { ManualClock } from '../../support/manual-clock.js';
import { RecordingLogger } from '../../support/recording-logger.js';
import { until } from '../../support/until.js';

type E = InMemoryEvent<number>;

const LEASE = 1000;

describe('the lease of a consumer', () => {
  let clock: ManualClock;
  let logger: RecordingLogger;
  let log: InMemoryEventStorage<number>;
  let store: LeasedStore;
  let supervisor: ConsumerSupervisor<E, never>;
  let end: AbortController;
  let running: Promise<unknown>;
  let handled: number[];
  let signals: AbortSignal[];
  let hold: Gate | null;
  beforeEach(() => {
    clock = new ManualClock();
    logger = new RecordingLogger();
    log = new InMemoryEventStorage<number>();
    log.insert(1, 2, 3);
    store = new LeasedStore('c', log);
    handled = [];
    signals = [];
    hold = null;
    end = new AbortController();
    const runner = new EventxRunner<E>(log);
    supervisor = new ConsumerSupervisor(
      { storage: log, subscriber: runner.subscriber.bind(runner) },
      resolveConsumerProcessOptions({ lease: LEASE, shutdownTimeout: 100 }),
      { logger, owner: 'me', clock, random: () => 0.999 },
    );
    running = Promise.all([runner.run(end.signal), supervisor.run(end.signal)]);
  });
  afterEach(async () => {
    store.renewing?.open();
    hold?.open();
    end.abort();
    await running;
    // Neither heartbeats nor watches nor looks at handlers.
    expect(clock.running).toEqual([]);
  });

  const consume = () =>
    supervisor.add(
      new Consumer<E, never>({
        name: 'c',
        options: { startFrom: 'earliest' },
        handlers: [
          {
            types: '*',
            handle: async ({ seq }: { seq: number }, { signal }) => {
              handled.push(seq);
              signals.push(signal);
              await hold?.pass();
            },
          },
        ],
      }),
      store,
    );
  /** Beats, and waits until that was done. */
  const beats = async (count: number) => {
    for (let times = 0; times < count; times++) {
      const before = store.looks;
      supervisor.wake();
      await until(() => store.looks > before, { what: 'a look at the store' });
      await new Promise(setImmediate);
    }
  };
  const said = (pattern: RegExp) => logger.of('warn').filter((line) => pattern.test(line));

  test('is not lost because a plain read says so: a replica that is behind may have answered', async () => {
    hold = new Gate();
    consume();
    await hold.arrived();
    store.stale = { lastOwner: 'who had it before', owner: 'who had it before', fencingToken: 0 };
    await beats(10);
    expect(signals[0]!.aborted).toBe(false);
    hold.open();
    await until(() => handled.length === 3, { what: 'all to be handled' });
    await beats(10);
    expect(handled).toEqual([1, 2, 3]);
    expect(store.acquired).toBe(1);
    expect(said(/out of date.*replica.*primary/)).toHaveLength(1);
    expect(said(/was lost/)).toEqual([]);
  });

  test('that is lost for good is given up as soon as that is certain, and it is said to whom', async () => {
    hold = new Gate();
    consume();
    await hold.arrived();
    store.thief = 'web-2:1:00';
    store.stale = { lastOwner: 'web-2:1:00', owner: 'web-2:1:00', fencingToken: 99 };
    supervisor.wake();
    await until(() => signals[0]!.aborted, { what: 'the handler to hear of it' });
    expect(signals[0]!.reason).toBeInstanceOf(LeaseLostError);
    await until(() => said(/at seq 0, was lost: web-2:1:00 has it now/).length === 1, {
      what: 'a line',
    });
  });

  test('that is lost again and again is taken up less and less often, with a warning', async () => {
    store.thief = 'web-2:1:00';
    consume();
    // Once at once: it may have been moved by hand.
    await until(() => said(/was lost/).length === 2, { what: 'two losses' });
    for (const [lost, wait] of [100, 200, 400, 800].entries()) {
      await beats(5);
      expect(store.acquired).toBe(lost + 2);
      clock.advance(wait - 1);
      await beats(5);
      expect(store.acquired).toBe(lost + 2);
      clock.advance(1);
      supervisor.wake();
      await until(() => said(/was lost/).length === lost + 3, { what: 'another try' });
    }
    expect(
      said(/6\. time in a row without getting on; next try in 1599 ms.*replicas/),
    ).toHaveLength(1);
    expect(handled).toHaveLength(6 * 3);

    store.thief = null;
    clock.advance(1600);
    supervisor.wake();
    await until(() => handled.length === 7 * 3, { what: 'it to go on' });
  });

  test('has run out when it could not be renewed for that long, however long the renewal hangs', async () => {
    hold = new Gate();
    consume();
    await hold.arrived();
    store.renewing = new Gate();
    clock.advance(LEASE / 4);
    await store.renewing.arrived();
    clock.advance(LEASE * 0.6);
    expect(signals[0]!.aborted).toBe(false);
    // Before its very end: the database's clock may be a little faster.
    clock.advance(LEASE * 0.1);
    expect(signals[0]!.aborted).toBe(true);
    expect(signals[0]!.reason).toBeInstanceOf(LeaseLostError);
    await until(() => said(/was lost: its lease of 1000 ms could not be renewed/).length === 1, {
      what: 'a line',
    });
  });

  test('counts from when a renewal was sent, not from when it was answered', async () => {
    hold = new Gate();
    consume();
    await hold.arrived();
    store.renewing = new Gate();
    clock.advance(LEASE / 4);
    await store.renewing.arrived();
    clock.advance(LEASE / 2);
    store.renewing.open();
    store.renewing = new Gate();
    await beats(1);
    clock.advance(LEASE / 4);
    await store.renewing.arrived();
    expect(signals[0]!.aborted).toBe(false);
    clock.advance(LEASE * 0.15 - 1);
    expect(signals[0]!.aborted).toBe(false);
    clock.advance(1);
    expect(signals[0]!.aborted).toBe(true);
  });

  test('that was over when the answer came is not used', async () => {
    store.acquiring = new Gate();
    consume();
    await store.acquiring.arrived();
    clock.advance(LEASE * 0.9);
    store.acquiring.open();
    await until(() => logger.of('debug').some((line) => /had run out when/.test(line)), {
      what: 'it to be refused',
    });
    expect(handled).toEqual([]);
    clock.advance(100);
    supervisor.wake();
    await until(() => handled.length === 3, { what: 'the next try' });
  });

  test('that is renewed in time lasts', async () => {
    hold = new Gate();
    consume();
    await hold.arrived();
    for (let times = 0; times < 20; times++) {
      const { renewed } = store;
      clock.advance(LEASE / 4);
      await until(() => store.renewed > renewed, { what: 'a renewal' });
      await until(() => clock.running.includes(LEASE / 4), { what: 'the rest until the next' });
    }
    expect(signals[0]!.aborted).toBe(false);
  });

  test('is spoken of once when it is taken, though runs are interrupted', async () => {
    consume();
    await until(() => handled.length === 3, { what: 'all to be handled' });
    expect(logger.of('log')).toEqual(['Consumer "c" runs here (me), from seq 1 on.']);
    expect(logger.of('warn')).toEqual([]);
  });
});
