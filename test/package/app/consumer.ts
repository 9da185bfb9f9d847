// Only checked, never run: what applications write, against the types of the package.
import { Injectable, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  type EventInput,
  EventNotFoundError,
  type EventxEvent,
  EventxEventEntity,
  EventxModule,
  eventxMigrations,
  type EventxModuleOptions,
  EventxRunner,
  eventxSchemaSql,
  EventxService,
  type EventxStorage,
  InjectEventx,
  type SequencedEvent,
} from 'nestjs-eventx';
import { InMemoryEventStorage, storageContract } from 'nestjs-eventx/testing';
import { DataSource, type EntityManager } from 'typeorm';
import type { Observable } from 'rxjs';

interface OrderPlaced {
  readonly total: number;
}

@Injectable()
export class Orders {
  constructor(
    private readonly eventx: EventxService,
    private readonly runner: EventxRunner,
    private readonly dataSource: DataSource,
    @InjectEventx('audit') private readonly audit: EventxService,
  ) {}

  async place(total: number): Promise<string> {
    const event: EventInput<OrderPlaced> = { type: 'order.placed', data: { total } };
    return this.dataSource.transaction(async (manager: EntityManager) => {
      const [first] = await this.audit.publish(manager, [event]);
      const { uuid } = await this.eventx.publish(manager, event);
      return first?.uuid ?? uuid;
    });
  }

  async follow(signal: AbortSignal): Promise<number | null> {
    const subscriber = this.eventx.subscriber({ from: 'earliest', fetchLimit: 10 });
    try {
      for await (const event of subscriber.events(signal)) {
        const { total } = (event as EventxEvent<OrderPlaced>).data;
        if (total > 10) return event.seq;
      }
    } catch (error) {
      if (error instanceof EventNotFoundError) return error.nextAvailable;
    }
    return this.runner.status.lastSeq;
  }

  totals(): Observable<number> {
    return this.eventx.events$({ from: 1 }, (event) => [(event.data as OrderPlaced).total]);
  }
}

const options: EventxModuleOptions = { batchSize: 100, errorBackoff: { initial: 50 } };

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'mariadb',
      entities: [EventxEventEntity],
      migrations: eventxMigrations(),
    }),
    EventxModule.forRootAsync({ isGlobal: true, useFactory: () => options }),
    EventxModule.forRoot({ name: 'audit', tables: { prefix: 'audit_' } }),
  ],
  providers: [Orders],
})
export class AppModule {}

export const storage: EventxStorage<SequencedEvent> = new InMemoryEventStorage<OrderPlaced>();
export const sql: string = eventxSchemaSql('mysql');
export const cases: readonly { readonly name: string }[] = storageContract(() => {
  throw new Error('not run');
});
