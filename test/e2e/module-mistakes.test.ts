import { describe, expect, test } from '@jest/globals';
import { type DynamicModule, Injectable, Module, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { getDataSourceToken } from '@nestjs/typeorm';
import {
  DataSourceClosedError,
  EventxConsumer,
  EventxModule,
  EventxOptionsError,
  EventxRunner,
  EventxService,
  OnEventx,
} from 'nestjs-eventx';

import { QUIET, startApp, startNest, typeOrm } from '../support/app.js';
import { cleanUpAfterEach } from '../support/clean-up.js';
import { emptyDatabase } from '../support/data-sources.js';
import { until } from '../support/until.js';

const later = cleanUpAfterEach();

async function database() {
  const { options, remove } = await emptyDatabase('sqlite');
  later(remove);
  return options;
}

/** Starts what is expected to fail; if it does not, the application is stopped. */
async function start(...imports: (Type | DynamicModule)[]): Promise<unknown> {
  const app = await startNest([typeOrm(await database()), ...imports]);
  later(() => app.close());
  return app;
}

async function expectRefusal(starting: Promise<unknown>, message: RegExp): Promise<void> {
  const error: unknown = await starting.catch((error: unknown) => error);
  expect(error).toBeInstanceOf(EventxOptionsError);
  expect((error as Error).message).toMatch(message);
}

@Injectable()
class Shop {
  constructor(readonly eventx: EventxService) {}
}

function feature(...imports: (Type | DynamicModule)[]): Type {
  @Module({ imports, providers: [Shop] })
  class Feature {}
  return Feature;
}

describe('EventxModule', () => {
  test('that is made twice without a name is an error, as handlers would be called twice', async () => {
    const forRoot = () => EventxModule.forRoot(QUIET);
    await expectRefusal(
      start(feature(forRoot()), feature(forRoot())),
      /imported twice without a name.*"isGlobal: true"/,
    );
    const audit = () => EventxModule.forRootAsync({ name: 'audit', useFactory: () => QUIET });
    await expectRefusal(start(audit(), audit()), /imported twice under the name "audit"/);
  });

  test('that is made once may be imported by many', async () => {
    const eventx = EventxModule.forRoot(QUIET);
    await start(feature(eventx), feature(eventx), eventx);
  });

  test('without forRoot is an error that says so, whether or not somebody injects from it', async () => {
    await expectRefusal(start(EventxModule), /imported without forRoot.*isGlobal: true/);
    await expectRefusal(start(feature(EventxModule)), /imported without forRoot/);
    await expectRefusal(
      start(EventxModule.forRoot(QUIET), feature(EventxModule)),
      /other modules need not import it/,
    );
  });

  test('with two logs in one table is an error', async () => {
    const log = (name: string | undefined, events: string) =>
      EventxModule.forRoot({ ...QUIET, ...(name && { name }), tables: { events } });
    await expectRefusal(
      start(log(undefined, 'happened'), log('audit', 'Happened')),
      /logs (without a name and "audit"|"audit" and without a name) have the same table "[Hh]appened"/,
    );
    await start(log(undefined, 'happened'), log('audit', 'audited'));
  });

  test('may be started in many applications of one process, at once and one after the other', async () => {
    const options = await database();
    const first = await startApp(options);
    later(() => first.close());
    const second = await startApp(options);
    await second.close();
    const third = await startApp(options);
    await third.close();
  });

  test('with a data source that is none fails at once, with the mistake itself', async () => {
    @Module({
      providers: [{ provide: getDataSourceToken(), useValue: { options: { type: 'mysql' } } }],
      exports: [getDataSourceToken()],
    })
    class MockedDataSource {}
    const starting = startNest([
      { module: MockedDataSource, global: true },
      EventxModule.forRoot({}),
    ]);
    await expect(starting).rejects.toBeInstanceOf(DataSourceClosedError);
  });

  test('starts no log when another one of the application cannot', async () => {
    @Injectable()
    class Wrong {
      @OnEventx('a', { log: 'audit' })
      handle() {}
    }
    const module = await Test.createTestingModule({
      imports: [
        typeOrm(await database()),
        EventxModule.forRoot(QUIET),
        EventxModule.forRoot({ ...QUIET, name: 'audit', tables: { prefix: 'audit_' } }),
      ],
      providers: [Wrong],
    }).compile();
    later(() => module.close());
    await expectRefusal(module.init(), /Wrong\.handle names no consumer/);
    expect(module.get(EventxRunner).status.running).toBe(false);
  });
});

describe('@OnEventx', () => {
  const decorate = (declare: () => Type) => expect(declare).toThrow(EventxOptionsError);

  test('on a static method is an error', () => {
    const declare = () => {
      class Handlers {
        @OnEventx('a', { consumer: 'c' })
        static handle() {}
      }
      return Handlers;
    };
    decorate(declare);
    expect(declare).toThrow(/static method Handlers\.handle.*Remove "static"/);
  });

  test('on what is no method is an error', () => {
    const decorator = OnEventx('a', { consumer: 'c' }) as PropertyDecorator;
    const property = () => {
      class Handlers {
        @decorator
        handle = () => undefined;
      }
      return Handlers;
    };
    const accessor = () => {
      class Handlers {
        @OnEventx('a', { consumer: 'c' })
        get handle() {
          return () => undefined;
        }
      }
      return Handlers;
    };
    for (const declare of [property, accessor]) {
      decorate(declare);
      expect(declare).toThrow(/Handlers\.handle, which is no method/);
    }
  });

  test('in a way that only the decorators of the language have says what to set', () => {
    const decorator = OnEventx('a') as unknown as (value: unknown, context: object) => void;
    expect(() => decorator(() => undefined, { kind: 'method' })).toThrow(/experimentalDecorators/);
  });
});

describe('@EventxConsumer', () => {
  test('on a class without a handler is an error', async () => {
    @EventxConsumer('mailer')
    @Injectable()
    class Mailer {
      confirm() {}
    }
    await expectRefusal(
      start(EventxModule.forRoot(QUIET), { module: class Mail {}, providers: [Mailer] }),
      /@EventxConsumer on Mailer: the class has no method with @OnEventx.*"mailer"/,
    );
  });

  test('on a class whose subclasses have the handlers is none', async () => {
    @EventxConsumer('mailer')
    abstract class Mailer {}
    @Injectable()
    class Confirmations extends Mailer {
      @OnEventx('order.placed')
      confirm() {}
    }
    await start(EventxModule.forRoot(QUIET), { module: class Mail {}, providers: [Confirmations] });
  });
});

test('the service says how this process follows the log', async () => {
  const log = await startApp(await database());
  later(() => log.close());
  expect(await log.eventx.ready()).toBe(0);
  await log.publish('a', 'b');
  await until(() => log.eventx.lastSeq === 2, { what: 'both events' });
  expect(log.eventx.status).toMatchObject({ running: true, lastSeq: 2, failures: 0 });
});
