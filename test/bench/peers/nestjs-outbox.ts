import { createPool } from 'mysql2/promise';

import { payload } from '../lab/payload.js';
import type { PeerPackages } from './install.js';
import type { Contender, Peer } from './peer.js';

/** The parts of its API that are used here. */
interface Outbox {
  OutboxModule: { registerAsync(options: object): unknown };
  OnEvent(name: string): MethodDecorator;
  TransactionalEventEmitter: new () => { emit(event: object): Promise<void> };
}
interface Driver {
  TypeOrmOutboxTransportEvent: new () => object;
  TypeORMDatabaseDriverFactory: new (dataSource: unknown) => object;
}
interface Nest {
  Module(metadata: object): ClassDecorator;
  Injectable(): ClassDecorator;
}
interface NestCore {
  NestFactory: {
    createApplicationContext(
      module: object,
      options: object,
    ): Promise<{ get<T>(token: new () => T): T; close(): Promise<void> }>;
  };
}
interface NestTypeOrm {
  TypeOrmModule: { forRoot(options: object): unknown; forFeature(entities: object[]): unknown };
}

interface Settings {
  readonly pollingInterval: number;
  readonly maxEventsPerPoll: number;
}

const EVENT = 'OrderPlaced';
let made = 0;

/** `@fullstackhouse/nestjs-outbox` with its TypeORM driver. Both settings are required; its documentation shows 30 s and 10. */
export function outboxContenders(packages: PeerPackages, mariaDbUrl: string): Contender[] {
  const contender = (settings: string, values: Settings): Contender => ({
    product: '@fullstackhouse/nestjs-outbox',
    version: packages.version('@fullstackhouse/nestjs-outbox'),
    settings,
    database: 'MariaDB',
    transactional: true,
    start: () => start(packages, mariaDbUrl, values),
  });
  return [
    contender('as documented', { pollingInterval: 30_000, maxEventsPerPoll: 10 }),
    contender('poll 10 ms, 100 a poll', { pollingInterval: 10, maxEventsPerPoll: 100 }),
  ];
}

async function start(
  packages: PeerPackages,
  mariaDbUrl: string,
  settings: Settings,
): Promise<Peer> {
  // Each round has a process of its own.
  const name = `outbox_${process.pid}_${++made}`;
  const admin = createPool({ uri: mariaDbUrl, connectionLimit: 1 });
  await admin.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  packages.load('reflect-metadata');
  const data = payload(200);
  const { TransactionalEventEmitter } = packages.load('@fullstackhouse/nestjs-outbox') as Outbox;
  const never = 2 ** 31 - 1;
  // It polls from its start on, so publishing before anybody consumes takes an application that does not.
  const publisher = await startNest(packages, mariaDbUrl + name, {
    settings: { ...settings, pollingInterval: never },
    handle: () => undefined,
    synchronize: true,
  });
  const emitter = publisher.get(TransactionalEventEmitter);
  let consumer: typeof publisher | undefined;
  return {
    publish: (n) => emitter.emit({ name: EVENT, n, data }),
    async consume(handle) {
      consumer = await startNest(packages, mariaDbUrl + name, {
        settings,
        handle,
        synchronize: false,
      });
    },
    async close() {
      await consumer?.close();
      await publisher.close();
      await admin.query(`DROP DATABASE ${name}`);
      await admin.end();
    },
  };
}

function startNest(
  packages: PeerPackages,
  url: string,
  {
    settings,
    handle,
    synchronize,
  }: { settings: Settings; handle: (n: number) => void; synchronize: boolean },
) {
  const nest = packages.load('@nestjs/common') as Nest;
  const { NestFactory } = packages.load('@nestjs/core') as NestCore;
  const { TypeOrmModule } = packages.load('@nestjs/typeorm') as NestTypeOrm;
  const { DataSource } = packages.load('typeorm') as { DataSource: unknown };
  const outbox = packages.load('@fullstackhouse/nestjs-outbox') as Outbox;
  const driver = packages.load('@fullstackhouse/nestjs-outbox-typeorm-driver') as Driver;

  class Listener {
    onOrder(event: { n: number }): Promise<void> {
      handle(event.n);
      return Promise.resolve();
    }
  }
  nest.Injectable()(Listener);
  const method = Object.getOwnPropertyDescriptor(Listener.prototype, 'onOrder')!;
  outbox.OnEvent(EVENT)(Listener.prototype, 'onOrder', method);

  class PeerModule {}
  const { TypeOrmOutboxTransportEvent } = driver;
  nest.Module({
    providers: [Listener],
    imports: [
      TypeOrmModule.forRoot({
        type: 'mysql',
        url,
        entities: [TypeOrmOutboxTransportEvent],
        // TypeORM refuses the names of its migrations.
        synchronize,
        extra: { connectionLimit: 40 },
      }),
      outbox.OutboxModule.registerAsync({
        // It logs two lines an event.
        enableDefaultMiddlewares: false,
        imports: [TypeOrmModule.forFeature([TypeOrmOutboxTransportEvent])],
        inject: [DataSource],
        useFactory: (dataSource: unknown) => ({
          ...settings,
          driverFactory: new driver.TypeORMDatabaseDriverFactory(dataSource),
          events: [
            {
              name: EVENT,
              listeners: { retentionPeriod: 86_400_000, maxExecutionTime: 15_000, maxRetries: 5 },
            },
          ],
        }),
      }),
    ],
  })(PeerModule);
  return NestFactory.createApplicationContext(PeerModule, { logger: ['error'] });
}
