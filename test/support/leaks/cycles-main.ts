// Starts and stops a runner with subscribers and consumers, again and again, on one log in memory. Prints what the process holds on
// to at the beginning and at the end.
import 'reflect-metadata';

import { getEventListeners } from 'node:events';

import { EventxRunner, type SequencedEvent } from 'nestjs-eventx';
import { type InMemoryEvent, InMemoryEventStorage } from 'nestjs-eventx/testing';

import { Consumer } from '../../../lib/consumer/definition/consumer.js';
import {
  CustomOffsetStore,
  memoryOffsets,
} from '../../../lib/consumer/ownership/custom-offsets.js';
import { ConsumerSupervisor } from '../../../lib/consumer/ownership/supervisor.js';
import { resolveConsumerProcessOptions } from '../../../lib/consumer/ownership/supervisor-options.js';
import { silentLogger } from '../silent-logger.js';
import { until } from '../until.js';
import { footprint } from './footprint.js';

const { cycles, consumers } = JSON.parse(process.argv[2]!) as {
  cycles: number;
  consumers: number;
};

/** The application's own, which outlives every runner. */
const forever = new AbortController().signal;

async function cycle(): Promise<void> {
  const storage = new InMemoryEventStorage<number>();
  const runner = new EventxRunner<InMemoryEvent<number>>(storage);
  const supervisor = new ConsumerSupervisor<InMemoryEvent<number>, never>(
    { storage, subscriber: runner.subscriber.bind(runner) },
    resolveConsumerProcessOptions(),
    { logger: silentLogger, owner: 'me' },
  );
  let handled = 0;
  for (let number = 0; number < consumers; number++) {
    const name = `c${number}`;
    const handle = () => void handled++;
    const options = { concurrency: number % 2 === 0 ? 4 : 1, timeout: 60_000, startFrom: 1 };
    const consumer = new Consumer<InMemoryEvent<number>, never>({
      name,
      handlers: [{ types: '*', handle }],
      options,
    });
    supervisor.add(consumer, new CustomOffsetStore(name, memoryOffsets(), storage));
  }
  const stop = new AbortController();
  const running = [runner.run(stop.signal), supervisor.run(stop.signal)];
  const seen: SequencedEvent[] = [];
  const stream = runner
    .subscriber({ from: 1 })
    .events$()
    .subscribe((event) => seen.push(event));
  const loop = (async () => {
    for await (const event of runner.subscriber({ from: 1 }).events(forever)) seen.push(event);
  })();
  storage.insert(1, 2, 3);
  runner.signal();
  await until(() => handled === 3 * consumers && seen.length === 6, { what: 'all to be handled' });

  const givenUp = new AbortController();
  const waiting = runner.subscriber({ from: 100 }).fetch(givenUp.signal);
  givenUp.abort();
  await waiting.catch(() => undefined);
  const left = runner.subscriber({ from: 100 }).fetch(forever);
  stream.unsubscribe();
  stop.abort();
  runner.close();
  await Promise.all([...running, left.catch(() => undefined), loop]);
}

const WARM_UP = 100;
for (let count = 0; count < WARM_UP; count++) await cycle();
const before = await footprint();
for (let count = 0; count < cycles; count++) await cycle();
const after = await footprint();
const listeners = getEventListeners(forever, 'abort').length;
process.stdout.write(JSON.stringify({ before, after, listeners }));
