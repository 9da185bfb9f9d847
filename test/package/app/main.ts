// The application: publishes, subscribes and shuts down, and prints what came of it as JSON.
import 'reflect-metadata';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import libsql from 'libsql';
import {
  EventxClosedError,
  EventxEvent,
  EventxModule,
  EventxService,
  type PublishedEvent,
} from 'nestjs-eventx';
import type { DataSource, DataSourceOptions } from 'typeorm';

const [, , databaseUrl = '', ...entryPoints] = process.argv;

const database: DataSourceOptions = databaseUrl.startsWith('mysql:')
  ? { type: 'mariadb', url: databaseUrl }
  : { type: 'better-sqlite3', driver: libsql, database: databaseUrl };

@Module({
  imports: [
    TypeOrmModule.forRoot({ ...database, autoLoadEntities: true, retryAttempts: 0 }),
    EventxModule.forRoot({ pollInterval: 60_000 }),
  ],
})
class AppModule {}

async function exercise(): Promise<object> {
  // No warnings: the server of the tests is not durable, and each start says so.
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
  const eventx = app.get<EventxService>(EventxService);
  const dataSource = app.get<DataSource>(getDataSourceToken());
  const subscriber = eventx.subscriber({ from: 1 });
  const place = async (total: number, isValid: boolean): Promise<PublishedEvent> =>
    dataSource.transaction(async (manager) => {
      const published = await eventx.publish(manager, { type: 'placed', data: { total } });
      if (!isValid) throw new RangeError('rolled back');
      return published;
    });

  const refused: unknown = await place(0, false).catch((error: unknown) => error);
  const published = await place(12, true);
  const [event] = await subscriber.fetch();
  const waiting = subscriber.fetch().catch((error: unknown) => error);
  await app.close();
  return {
    rolledBack: refused instanceof RangeError,
    received: event instanceof EventxEvent && { seq: event.seq, data: event.data },
    isWhatWasPublished: event?.uuid === published.uuid,
    endedAtShutdown: (await waiting) instanceof EventxClosedError,
  };
}

/** Which exports this process has twice when it both imports and requires the package. */
async function copies(): Promise<object> {
  const require = createRequire(join(process.cwd(), 'package.json'));
  const twice: string[] = [];
  let exported = 0;
  for (const entryPoint of entryPoints) {
    const imported = (await import(entryPoint)) as Record<string, unknown>;
    const required = require(entryPoint) as Record<string, unknown>;
    // Node adds some of its own, according to the way.
    const names = Object.keys(imported).filter((name) => !/^(default|module\.exports)$/.test(name));
    exported += names.length;
    twice.push(...names.filter((name) => imported[name] !== required[name]));
  }
  return { exported, twice };
}

exercise()
  .then(async (result) => console.log(JSON.stringify({ result, ...(await copies()) })))
  .catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
