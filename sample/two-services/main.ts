import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';

import { EventxRunner, remoteStorage } from 'nestjs-eventx';

import { databaseAt } from '../shared/database.js';
import { StartupError } from '../shared/startup.error.js';
import { Drive, type DriveResult } from './drive.js';
import { readPorts } from './ports.js';
import { Service } from './service.js';

const ORDERS = 300;

/** Starts both services on one database, and a subscriber that only knows the event service's address. */
async function main(): Promise<void> {
  const { once } = parseArgs({ options: { once: { type: 'boolean', default: false } } }).values;
  const ports = readPorts(process.env);
  const { options, description } = databaseAt(process.env.EVENTX_DATABASE_URL);
  const env = {
    // Both on the same one, also where it is a new file.
    EVENTX_DATABASE_URL: process.env.EVENTX_DATABASE_URL || `sqlite:${String(options.database)}`,
    SIGNAL_SECRET: randomBytes(32).toString('hex'),
  };

  const events = await Service.start('events', ports.events, env);
  const core = await Service.start('core', ports.core, { ...env, EVENTS_URL: events.url });
  print(`
nestjs-eventx: two services, two processes, one database

  database        ${description}
  core service    ${core.url}, only publishes
  event service   ${events.url}, numbers, consumes, serves the log

Placing ${ORDERS} orders with the core service
`);

  const remote = new EventxRunner(remoteStorage({ url: `${events.url}/eventx` }));
  const stop = new AbortController();
  const following = remote.run(stop.signal);
  const result = await new Drive(core.url, events.url, remote).run(ORDERS);
  stop.abort();
  await following;
  print(summary(result));

  if (!once) {
    print(toTry(core.url, events.url));
    await new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
  }
  await core.stop();
  await events.stop();
  process.exitCode = isFlawless(result) ? 0 : 1;
}

function isFlawless({ placed, counted, disorder, p99 }: DriveResult): boolean {
  return placed === ORDERS && counted === ORDERS && disorder === 0 && !Number.isNaN(p99);
}

function summary(result: DriveResult): string {
  const { placed, counted, disorder, p50, p99 } = result;
  return `  ${placed} orders placed, ${counted} counted by the consumer of the event service
  followed over HTTP: ${disorder} out of order, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms after the answer

  ${isFlawless(result) ? 'PASS: each order arrived once, in order, everywhere.' : 'FAIL: see the numbers above.'}`;
}

function toTry(core: string, events: string): string {
  return `
Still serving, stop with Ctrl-C. Try:

  curl -X POST ${core}/orders -H 'content-type: application/json' -d '{"customer":"you","total":7}'
  curl ${events}/sales
  curl -N '${events}/eventx/stream?from=1'`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

main().catch((error: unknown) => {
  console.error(error instanceof StartupError ? error.message : error);
  process.exit(1);
});
