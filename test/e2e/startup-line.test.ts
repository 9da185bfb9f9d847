import { describe, expect, test } from '@jest/globals';
import { type DynamicModule, Injectable, type Provider } from '@nestjs/common';
import {
  EventxModule,
  type EventxModuleExtras,
  type EventxModuleOptions,
  EventxService,
  OnEventx,
} from 'nestjs-eventx';
import { InMemoryEventStorage } from 'nestjs-eventx/testing';
import type { DataSourceOptions } from 'typeorm';

import { QUIET, startNest, typeOrm } from '../support/app.js';
import { cleanUpAfterEach } from '../support/clean-up.js';
import { emptyDatabase } from '../support/data-sources.js';
import { createDatabase } from '../support/databases.js';
import { NestRecording } from '../support/recording-nest.js';

const later = cleanUpAfterEach();

@Injectable()
class Mailer {
  @OnEventx('order.placed', { consumer: 'mailer' })
  confirm() {}

  @OnEventx(['order.paid', 'order.sent'], { consumer: 'mailer' })
  thank() {}

  @OnEventx('*', { broadcast: true })
  count() {}
}

@Injectable()
class Stock {
  constructor(eventx: EventxService) {
    eventx.consumer({ name: 'stock', types: 'order.placed', handle: () => undefined });
  }
}

/** Starts an application. @returns what it logged */
async function linesOf(
  database: DataSourceOptions,
  options: EventxModuleOptions & EventxModuleExtras = {},
  providers: Provider[] = [],
): Promise<string[]> {
  const recording = new NestRecording();
  const parts: DynamicModule = { module: class Parts {}, providers };
  const eventx = EventxModule.forRoot({ ...QUIET, isGlobal: true, ...options });
  const app = await startNest([typeOrm(database), eventx, parts], recording);
  later(() => app.close());
  return recording.lines.filter((line) => line.endsWith(' Eventx'));
}

async function sqlite(): Promise<DataSourceOptions> {
  const { options, remove } = await emptyDatabase('sqlite');
  later(remove);
  return options;
}

describe('at startup one line', () => {
  test('says what runs: log, database, roles, and consumers with their handlers', async () => {
    const database = await createDatabase();
    later(() => database.drop());
    const lines = await linesOf(database.options, { tables: { events: 'happened' } }, [
      Mailer,
      Stock,
    ]);
    const started = lines.filter((line) => line.startsWith('log: Log '));
    expect(started).toEqual([
      expect.stringMatching(
        new RegExp(
          `^log: Log "happened" in (MariaDB|MySQL) \\d+\\.\\d+\\.\\d+, database ${database.name}: sequence, consume; consumers: `,
        ),
      ),
    ]);
    for (const consumer of [
      'mailer (Mailer.confirm ← order.placed; Mailer.thank ← order.paid, order.sent)',
      'broadcast:Mailer.count (Mailer.count ← all events)',
      'stock (order.placed)',
    ]) {
      expect(started[0]).toContain(consumer);
    }
  });

  test.each<[EventxModuleOptions, RegExp]>([
    [{}, /SQLite 3\.\d+\.\d+, \S+\.db: sequence, consume; consumers: none\. Eventx$/],
    [{ run: ['sequence'] }, /\.db: sequence\. Eventx$/],
    [{ run: false }, /\.db: nothing runs here \(option "run"\)\. Eventx$/],
    [
      { storage: new InMemoryEventStorage() },
      /^log: Log in a storage of its own \(InMemoryEventStorage\): sequence, consume/,
    ],
  ])('says so with %j', async (options, line) => {
    const lines = await linesOf(await sqlite(), options);
    expect(lines.filter((said) => said.startsWith('log: Log '))).toEqual([
      expect.stringMatching(line),
    ]);
  });
});

describe('handlers that no module provides', () => {
  /** A class with a handler, which nobody has seen yet. */
  const fresh = (name: string) => {
    class Handlers {
      @OnEventx('a', { consumer: name })
      handle() {}
    }
    Object.defineProperty(Handlers, 'name', { value: name });
    return Handlers;
  };
  const warnings = async (options: EventxModuleOptions, ...providers: Provider[]) =>
    (await linesOf(await sqlite(), options, providers)).filter((line) => line.startsWith('warn: '));

  test('are warned of, once in a process', async () => {
    fresh('Forgotten');
    const [warning, ...more] = await warnings({});
    expect(warning).toMatch(/No module of this application provides .*Forgotten\.handle.*Add the/);
    expect(more).toEqual([]);
    expect(await warnings({})).toEqual([]);
  });

  test('are not where they are provided, by a subclass, or by something in their place', async () => {
    await warnings({});
    const [Provided, Base, Mocked] = [fresh('Provided'), fresh('Base'), fresh('Mocked')];
    class Extended extends Base {}
    const said = await warnings({}, Provided, Extended, { provide: Mocked, useValue: {} });
    expect(said).toEqual([]);
  });

  test('are not where another application of the process had them, nor where nothing is consumed', async () => {
    await warnings({});
    const Elsewhere = fresh('Elsewhere');
    await warnings({}, Elsewhere);
    expect(await warnings({})).toEqual([]);
    fresh('NotHere');
    expect(await warnings({ run: ['sequence'] })).toEqual([]);
  });
});
