import { Global, Injectable, Module } from '@nestjs/common';
import { describe, expect, test } from '@jest/globals';
import { EventxModule, type EventxModuleOptions, EventxService } from 'nestjs-eventx';
import type { DataSourceOptions } from 'typeorm';

import { QUIET, startApp, startNest, typeOrm } from '../support/app.js';
import { cleanUpAfterEach } from '../support/clean-up.js';
import { DATABASES, emptyDatabase } from '../support/data-sources.js';

/** Something that the factories depend on. */
@Injectable()
class Config {
  readonly limit = 50;
}

@Global()
@Module({ providers: [Config], exports: [Config] })
class ConfigModule {}

/** For useClass, and for useExisting. */
@Injectable()
class LogOptions {
  constructor(private readonly config: Config) {}

  create(): Promise<EventxModuleOptions> {
    return Promise.resolve({ ...QUIET, maxPayloadBytes: this.config.limit });
  }
}

@Global()
@Module({ providers: [LogOptions], exports: [LogOptions] })
class LogOptionsModule {}

@Injectable()
class Orders {
  constructor(readonly eventx: EventxService) {}
}

/** A module that does not import EventxModule. */
@Module({ providers: [Orders], exports: [Orders] })
class OrdersModule {}

describe.each(DATABASES)('options that come later on %s', (database) => {
  const later = cleanUpAfterEach();
  const empty = async (): Promise<DataSourceOptions> => {
    const { options, remove } = await emptyDatabase(database);
    later(remove);
    return options;
  };

  test.each([
    [
      'useFactory',
      () =>
        EventxModule.forRootAsync({
          inject: [Config],
          useFactory: (config: Config) => ({ ...QUIET, maxPayloadBytes: config.limit }),
        }),
    ],
    ['useClass', () => EventxModule.forRootAsync({ useClass: LogOptions })],
    ['useExisting', () => EventxModule.forRootAsync({ useExisting: LogOptions })],
  ])('%s makes them, with what it injects', async (_, eventx) => {
    const log = await startApp(await empty(), {
      eventx: eventx(),
      imports: [ConfigModule, LogOptionsModule],
    });
    later(() => log.close());
    const publish = (length: number) =>
      log.dataSource.transaction((manager) =>
        log.eventx.publish(manager, { type: 't', data: 'x'.repeat(length - 2) }),
      );
    await expect(publish(51)).rejects.toThrow(/the limit is 50/);
    await publish(50);
    await log.reached(1);
  });

  test('what must be known at once stands beside the factory', async () => {
    const log = await startApp(await empty(), {
      eventx: EventxModule.forRootAsync({
        isGlobal: true,
        tables: { prefix: 'shop_' },
        useFactory: () => QUIET,
      }),
      imports: [OrdersModule],
    });
    later(() => log.close());
    expect(log.app.get(Orders).eventx).toBe(log.eventx);
    await log.publish('a');
    await log.reached(1);
    expect(await log.dataSource.query('SELECT type FROM shop_eventx_events')).toEqual([
      { type: 'a' },
    ]);
  });

  test('a factory that returns nothing, or what is no option, ends the start with the reason', async () => {
    const options = await empty();
    const start = (result: unknown) =>
      startApp(options, {
        eventx: EventxModule.forRootAsync({ useFactory: () => result as EventxModuleOptions }),
      });
    await expect(start(undefined)).rejects.toThrow(/Does the factory return them/);
    await expect(start({ pollIntervall: 5 })).rejects.toThrow(/unknown option "pollIntervall"/);
    await expect(start({ pollInterval: -5 })).rejects.toThrow(/"pollInterval" must be/);
  });

  test('isGlobal spares other modules the import; without it they need it', async () => {
    const options = await empty();
    const global = await startNest([
      typeOrm(options),
      EventxModule.forRoot({ ...QUIET, isGlobal: true }),
      OrdersModule,
    ]);
    later(() => global.close());
    expect(global.get(Orders).eventx).toBeInstanceOf(EventxService);
    await expect(
      startNest([typeOrm(options), EventxModule.forRoot(QUIET), OrdersModule]),
    ).rejects.toThrow(/can't resolve dependencies of the Orders/i);
  });
});
