import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { eventxSignalController, EventxModule, eventxStreamController } from 'nestjs-eventx';

import { databaseAt } from '../../shared/database.js';
import { serve } from '../serve.js';
import { Sales } from './sales.entity.js';
import { SalesConsumer } from './sales.consumer.js';
import { SalesController } from './sales.controller.js';

const { EVENTX_DATABASE_URL, SIGNAL_SECRET } = process.env;

/** Numbers the events, consumes them, and serves the log to whoever has no access to the database. */
@Module({
  imports: [
    TypeOrmModule.forRoot({
      ...databaseAt(EVENTX_DATABASE_URL).options,
      entities: [Sales],
      autoLoadEntities: true,
      synchronize: true,
    }),
    EventxModule.forRoot({ isGlobal: true }),
  ],
  providers: [SalesConsumer],
  controllers: [
    SalesController,
    eventxSignalController({ secret: SIGNAL_SECRET! }),
    // A real service would not let everybody in: { guards: [ServiceGuard] }.
    eventxStreamController(),
  ],
})
class EventsModule {}

await serve(EventsModule);
