// A month of events in one process: a subscriber at the head, a slow one that falls ever further behind, and a consumer with lanes.
// Prints what the process holds on to after each quarter.
import 'reflect-metadata';

import { setImmediate as nextTurn } from 'node:timers/promises';

import { type EventxEvent, EventxRunner } from 'nestjs-eventx';

import { Consumer } from '../../../lib/consumer/definition/consumer.js';
import {
  CustomOffsetStore,
  memoryOffsets,
} from '../../../lib/consumer/ownership/custom-offsets.js';
import { ConsumerSupervisor } from '../../../lib/consumer/ownership/supervisor.js';
import { resolveConsumerProcessOptions } from '../../../lib/consumer/ownership/supervisor-options.js';
import { silentLogger } from '../silent-logger.js';
import { until } from '../until.js';
import { EndlessLog } from './endless-log.js';
import { footprint } from './footprint.js';

const { count } = JSON.parse(process.argv[2]!) as { count: number };
/** How far the log may be ahead of the consumer: beyond the window. */
const AHEAD = 20_000;

let limit = 0;
let handled = 0;
const storage = new EndlessLog(() => Math.min(limit, handled + AHEAD));
const runner = new EventxRunner<EventxEvent>(storage, { pollInterval: 1 });
const supervisor = new ConsumerSupervisor<EventxEvent, never>(
  { storage, subscriber: runner.subscriber.bind(runner) },
  resolveConsumerProcessOptions(),
  { logger: silentLogger, owner: 'me' },
);
supervisor.add(
  new Consumer<EventxEvent, never>({
    name: 'lanes',
    handlers: [
      {
        types: '*',
        handle: ({ data }) => {
          if (typeof data !== 'number') throw new Error('What is this?');
          handled++;
        },
      },
    ],
    options: { concurrency: 4, startFrom: 1 },
  }),
  new CustomOffsetStore('lanes', memoryOffsets(), storage),
);

const stop = new AbortController();
const running = [runner.run(stop.signal), supervisor.run(stop.signal)];
let atTheHead = 0;
const head = (async () => {
  for await (const { seq } of runner.subscriber({ from: 1 }).events(stop.signal)) atTheHead = seq;
})();
let behind = 0;
const slow = (async () => {
  for await (const { seq } of runner.subscriber({ from: 1, fetchLimit: 16 }).events(stop.signal)) {
    behind = seq;
    await nextTurn();
  }
})();

const quarters = [];
for (let quarter = 1; quarter <= 4; quarter++) {
  limit = (count / 4) * quarter;
  await until(() => handled === limit && atTheHead === limit, {
    what: `quarter ${quarter}`,
    timeoutMs: 90_000,
  });
  quarters.push(await footprint());
}
stop.abort();
await Promise.all([...running, head, slow]);
process.stdout.write(JSON.stringify({ quarters, atTheHead, behind, handled }));
