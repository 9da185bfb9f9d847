import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { ClientProxy } from '@nestjs/microservices';
import { EventxModule, EventxRunner, EventxService } from 'nestjs-eventx';
import { clientProxySignal, eventxSignalPattern } from 'nestjs-eventx/microservices';

import { QUIET, startApp, typeOrm } from '../../support/app.js';
import { cleanUpAfterEach } from '../../support/clean-up.js';
import { emptyDatabase, type TestDatabaseOptions } from '../../support/data-sources.js';
import {
  type Bus,
  busClient,
  buses,
  natsAt,
  redisAt,
  startMicroservice,
  tcpAt,
  uniquePattern,
} from '../../support/processes/bus.js';
import { freePort } from '../../support/processes/free-port.js';
import { until } from '../../support/until.js';

const available = await buses(await freePort());
for (const { name, missing } of available) {
  if (missing) process.stderr.write(`Signals over ${name} are not tested: ${missing}.\n`);
}

let database: TestDatabaseOptions;
beforeAll(async () => {
  database = await emptyDatabase('mariadb');
});
afterAll(() => database.remove());

const later = cleanUpAfterEach();

/** A process that sequences the log and listens for signals. */
async function listener(options: Bus['options'], pattern: string) {
  const module = EventxModule.forRoot({ ...QUIET, isGlobal: true });
  const service = await startMicroservice(
    options,
    [typeOrm(database.options), module],
    [eventxSignalPattern({ pattern })],
  );
  later(() => service.close());
  const runner = service.get(EventxRunner);
  return { service, runner, eventx: service.get(EventxService) };
}

/** A process that publishes and signals. */
async function publisher(options: Bus['options'], pattern: string) {
  const app = await startApp(database.options, {
    eventx: EventxModule.forRootAsync({
      imports: [busClient(options)],
      inject: ['BUS'],
      useFactory: (bus: ClientProxy) => ({
        ...QUIET,
        run: false,
        signals: [clientProxySignal(bus, { pattern, timeout: 5000 })],
      }),
    }),
  });
  later(() => app.close());
  return app;
}

async function lastSeq(runner: EventxRunner): Promise<number> {
  return (await runner.state()).lastSeq;
}

describe.each(available)('signals over $name', ({ options, missing, name }) => {
  const works = missing ? test.skip : test;

  works('what one process publishes reaches the one that sequences without a poll', async () => {
    const pattern = uniquePattern();
    const { runner } = await listener(options, pattern);
    const core = await publisher(options, pattern);
    const before = await lastSeq(runner);
    for (let round = 1; round <= 10; round++) {
      await core.publish('a');
      await until(() => runner.status.lastSeq === before + round, { what: `event ${round}` });
    }
  });

  works('hints under another pattern are not for this log', async () => {
    const pattern = uniquePattern();
    const { eventx, runner } = await listener(options, pattern);
    const signal = jest.spyOn(eventx, 'signal');
    const stranger = await publisher(options, uniquePattern());
    await stranger.publish('a');
    const core = await publisher(options, pattern);
    const before = await lastSeq(runner);
    await core.publish('b');
    await until(() => (runner.status.lastSeq ?? 0) >= before + 2, { what: 'both events' });
    expect(signal).toHaveBeenCalledTimes(1);
  });

  if (name === 'TCP') return;
  works('every process that listens gets them', async () => {
    const pattern = uniquePattern();
    const listeners = [await listener(options, pattern), await listener(options, pattern)];
    const signals = listeners.map(({ eventx }) => jest.spyOn(eventx, 'signal'));
    const core = await publisher(options, pattern);
    await core.publish('a');
    for (const signal of signals) {
      await until(() => signal.mock.calls.length > 0, { what: 'the signal' });
    }
  });
});

test('a flood of hints costs a look every few milliseconds at most', async () => {
  const options = tcpAt(await freePort());
  const pattern = uniquePattern();
  const { eventx } = await listener(options, pattern);
  const signal = jest.spyOn(eventx, 'signal');
  const app = await startApp(database.options, {
    options: { run: false },
    imports: [busClient(options)],
  });
  later(() => app.close());
  const bus = app.app.get<ClientProxy>('BUS', { strict: false });
  await bus.connect();
  const begin = performance.now();
  for (let times = 0; times < 2000; times++) bus.emit(pattern, { forged: true });
  await until(() => signal.mock.calls.length > 1, { what: 'the signals' });
  const answered = bus.send(pattern, '');
  await new Promise<void>((resolve) =>
    answered.subscribe({ error: () => resolve(), complete: resolve }),
  );
  expect(signal.mock.calls.length).toBeLessThanOrEqual((performance.now() - begin) / 5 + 2);
});

test.each([
  ['TCP', tcpAt],
  ['NATS', natsAt],
  ['Redis', redisAt],
])(
  'a %s server that is not there neither delays nor fails a publish',
  async (_name, optionsAt: typeof tcpAt) => {
    const core = await publisher(optionsAt(await freePort()), 'nobody.listens');
    for (let times = 0; times < 20; times++) await core.publish('a');
  },
);

test.each<[unknown, object, RegExp]>([
  [undefined, {}, /needs a ClientProxy/],
  [{ emit: () => undefined }, { timeout: 0 }, /"timeout"/],
  [{ emit: () => undefined }, { topic: 'x' }, /unknown option "topic"/],
])('clientProxySignal refuses %p with %j', (client, options, message) => {
  expect(() => clientProxySignal(client as ClientProxy, options)).toThrow(message);
});
