import 'reflect-metadata';

import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { EventxClosedError, EventxRunner } from 'nestjs-eventx';

import { AppModule } from './app.module.js';
import { type Database, databaseAt } from '../shared/database.js';
import { Drive } from './drive/drive.js';
import { isFlawless, summary } from './drive/summary.js';
import { readSettings } from './settings.js';
import { reasonOf, StartupError } from '../shared/startup.error.js';
import { print, toTry, welcome } from './texts.js';

/** The exit code of a run that was to finish, and was stopped. */
const INTERRUPTED = 130;

async function main(): Promise<void> {
  const settings = readSettings(process.argv.slice(2), process.env);
  const database = databaseAt(process.env.EVENTX_DATABASE_URL);
  const app = await createApp(database);
  const url = await listen(app, settings.port);

  let exitCode = settings.once ? INTERRUPTED : 0;
  process.on('exit', (code) => (process.exitCode = code || exitCode));

  const lastSeq = await app.get(EventxRunner).ready();
  print(welcome({ url, database: database.description, lastSeq, ...settings }));

  const result = await app.get(Drive, { strict: false }).run({ ...settings, url });
  if (!result) return;
  print(summary(result));
  if (!settings.once) return print(toTry(url));
  exitCode = isFlawless(result) ? 0 : 1;
  await app.close();
}

async function createApp({ options, description }: Database): Promise<NestExpressApplication> {
  try {
    const app = await NestFactory.create<NestExpressApplication>(AppModule.on(options), {
      logger: ['fatal', 'error', 'warn'],
      // What goes wrong at the start is told below, in one line; the log of it is held back and dropped.
      abortOnError: false,
      bufferLogs: true,
      autoFlushLogs: false,
      // Browsers keep connections open, which would hold up the end.
      forceCloseConnections: true,
    });
    app.flushLogs();
    // Answers are for people here.
    app.set('json spaces', 2);
    // After a signal it shall exit, not kill itself: only so the handlers of 'exit' run.
    return app.enableShutdownHooks([], { useProcessExit: true });
  } catch (cause) {
    throw new StartupError(`Cannot start on ${description}: ${reasonOf(cause)}`, { cause });
  }
}

/** On the port that is wanted, or on another one when it is taken; Nest's own `listen` would log that as an error. */
async function listen(app: NestExpressApplication, wanted: number): Promise<string> {
  await app.init();
  const server: Server = app.getHttpServer();
  const listenOn = (port: number) => once(server.listen(port), 'listening');
  await listenOn(wanted).catch(() => listenOn(0));
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}

main().catch((error: unknown) => {
  // Stopped before it had begun.
  if (error instanceof EventxClosedError) return;
  console.error(error instanceof StartupError ? error.message : error);
  process.exit(1);
});
