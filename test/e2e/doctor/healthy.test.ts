import { Injectable } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  EventxDoctor,
  EventxModule,
  EventxOptionsError,
  eventxToken,
  InjectEventx,
} from 'nestjs-eventx';
import { InMemoryEventStorage } from 'nestjs-eventx/testing';
import type { DataSource, DataSourceOptions } from 'typeorm';

import { QUIET, startNest, typeOrm } from '../../support/app.js';
import { cleanUpAfterEach } from '../../support/clean-up.js';
import { startConsumerApp } from '../../support/consumers/app.js';
import { type Database, DATABASES, emptyDatabase } from '../../support/data-sources.js';
import { createDatabase } from '../../support/databases.js';
import { examine, finding } from '../../support/doctor.js';
import { MariaDbServer } from '../../support/mariadb-server.mjs';

@Injectable()
class Health {
  constructor(
    readonly orders: EventxDoctor,
    @InjectEventx('audit', EventxDoctor) readonly audit: EventxDoctor,
  ) {}
}

const server = new MariaDbServer({ durable: true });
beforeAll(() => server.start(), 120_000);
afterAll(() => server.stop());

describe.each(DATABASES)('the doctor finds nothing on %s', (database) => {
  const later = cleanUpAfterEach();

  const start = async () => {
    const options = await durable(database, later);
    const app = await startConsumerApp(options);
    later(() => app.close());
    return app;
  };
  const doctorOf = (app: Awaited<ReturnType<typeof start>>) => app.app.get(EventxDoctor);

  test('in a log that is empty', async () => {
    const app = await start();
    expect(await doctorOf(app).examine({ full: true })).toEqual([]);
  });

  test('in a log that is in use, and one that retention keeps short', async () => {
    const app = await start();
    const seen: string[] = [];
    app.consume({ name: 'reader', handle: ({ type }) => void seen.push(type) });
    app.consume({ name: 'careful', transactional: true, handle: () => undefined });
    await app.fill(300);
    await app.finished('reader');
    await app.finished('careful');
    expect(await doctorOf(app).examine()).toEqual([]);
    await app.dataSource.query('DELETE FROM eventx_events WHERE seq <= 100');
    expect(await doctorOf(app).examine({ full: true })).toEqual([]);
    await app.dataSource.query('DELETE FROM eventx_events');
    expect(await doctorOf(app).examine({ full: true })).toEqual([]);
  });

  test('while events are published, numbered, handled and deleted', async () => {
    const app = await start();
    app.consume({ name: 'reader', handle: () => undefined });
    let done = false;
    const use = async () => {
      while (!done) {
        await app.fill(20);
        await app.finished('reader');
        await app.dataSource.query('DELETE FROM eventx_events WHERE seq < ?', [
          (app.runner.status.lastSeq ?? 0) - 10,
        ]);
      }
    };
    const using = use();
    for (let times = 0; times < 30; times++) {
      expect(await doctorOf(app).examine({ full: times % 2 === 0 })).toEqual([]);
    }
    done = true;
    await using;
  });
});

/** An empty database that keeps what it acknowledges. */
async function durable(
  database: Database,
  later: (undo: () => Promise<unknown>) => void,
): Promise<DataSourceOptions> {
  if (database === 'mariadb') {
    const created = await createDatabase(server.url());
    later(() => created.drop());
    return created.options;
  }
  const { options, remove } = await emptyDatabase(database);
  later(remove);
  return options;
}

describe('a user with no more rights than an application needs', () => {
  const later = cleanUpAfterEach();

  test('can have the log examined, and is told what was left out', async () => {
    const database = await createDatabase(server.url());
    later(() => database.drop());
    const owner = await startNest([typeOrm(database.options), EventxModule.forRoot(QUIET)]);
    await owner.close();
    await database.query("CREATE USER 'shop'@'%' IDENTIFIED BY 'secret'");
    later(() => database.query("DROP USER 'shop'@'%'"));
    await database.query(
      `GRANT SELECT, INSERT, UPDATE, DELETE ON ${database.name}.* TO 'shop'@'%'`,
    );
    const url = database.url.replace('root@', 'shop:secret@');
    const app = await startNest([
      typeOrm({ ...database.options, url }),
      EventxModule.forRoot({ ...QUIET, migrate: false }),
    ]);
    later(() => app.close());
    expect(await app.get(EventxDoctor).examine({ full: true })).toEqual([
      {
        check: 'open-transaction',
        severity: 'info',
        message: expect.stringMatching(/could not be examined: .*PROCESS privilege/),
        fix: "To have it examined: GRANT PROCESS ON *.* TO 'shop'@'%'",
      },
    ]);
  });
});

describe('the doctor of', () => {
  const later = cleanUpAfterEach();

  test('a named log is injected by its name, and looks at its tables', async () => {
    const { options, remove } = await emptyDatabase('sqlite');
    later(remove);
    const tables = { prefix: 'audit_' };
    const app = await startNest([
      typeOrm(options),
      { module: class HealthModule {}, providers: [Health] },
      EventxModule.forRoot({ ...QUIET, isGlobal: true }),
      EventxModule.forRoot({ ...QUIET, isGlobal: true, name: 'audit', tables }),
    ]);
    later(() => app.close());
    const { orders, audit } = app.get(Health, { strict: false });
    expect(audit).toBe(app.get(eventxToken(EventxDoctor, 'audit'), { strict: false }));
    const dataSource = app.get<DataSource>(getDataSourceToken());
    await dataSource.query('DELETE FROM audit_eventx_state');
    expect(await orders.examine()).toEqual([]);
    expect(await audit.examine()).toMatchObject([
      { check: 'state-row', message: expect.stringContaining('"audit_eventx_state"') },
    ]);
  });

  test('a log with a storage of its own says that it has nothing to examine', async () => {
    const storage = new InMemoryEventStorage<string>();
    const app = await startNest([EventxModule.forRoot({ ...QUIET, storage })]);
    later(() => app.close());
    expect(await examine({ app })).toMatchObject([
      { check: 'own-storage', severity: 'info', message: expect.stringContaining('"storage"') },
    ]);
  });

  test('any log refuses limits that do not exist', async () => {
    const app = await startNest([
      EventxModule.forRoot({ ...QUIET, storage: new InMemoryEventStorage<string>() }),
    ]);
    later(() => app.close());
    const doctor = app.get(EventxDoctor);
    const limits = { clockSkewMs: 5 } as object;
    await expect(doctor.examine({ limits })).rejects.toBeInstanceOf(EventxOptionsError);
    await expect(doctor.examine({ limits: { clockSkew: -1 } })).rejects.toThrow(
      /"limits.clockSkew" must be a whole number/,
    );
  });

  test.each([
    ['is', () => server.suspend()],
    [
      'goes',
      ({ subscribers }: DataSource) => {
        const afterFirstQuery = () => {
          subscribers.pop();
          return server.suspend();
        };
        subscribers.push({ afterQuery: afterFirstQuery });
        return Promise.resolve();
      },
    ],
  ])('a database that %s down is the one finding, in time', async (_when, goDown) => {
    const database = await createDatabase(server.url());
    later(() => database.drop());
    const app = await startNest([
      typeOrm(database.options),
      EventxModule.forRoot({ ...QUIET, run: false, queryTimeout: 500 }),
    ]);
    later(() => app.close());
    later(() => server.resume());
    await goDown(app.get<DataSource>(getDataSourceToken()));
    expect(await app.get(EventxDoctor).examine({ timeout: 3000 })).toEqual([
      finding(
        'database-unreachable',
        'error',
        /cannot be examined: .*(ETIMEDOUT|did not answer within 3000 ms)/,
        /whether the server runs/,
      ),
    ]);
  });
});
