import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EventxModule, httpSignal } from 'nestjs-eventx';

import { databaseAt } from '../../shared/database.js';
import { serve } from '../serve.js';
import { Order } from './order.entity.js';
import { OrdersController } from './orders.controller.js';

const { EVENTX_DATABASE_URL, EVENTS_URL, SIGNAL_SECRET } = process.env;

/** Only publishes, and tells the event service that there is something. */
@Module({
  imports: [
    TypeOrmModule.forRoot({
      ...databaseAt(EVENTX_DATABASE_URL).options,
      entities: [Order],
      autoLoadEntities: true,
      // Makes the table of orders. The log makes its own.
      synchronize: true,
    }),
    EventxModule.forRoot({
      run: false,
      signals: [httpSignal({ url: `${EVENTS_URL!}/eventx/signal`, secret: SIGNAL_SECRET! })],
      isGlobal: true,
    }),
  ],
  controllers: [OrdersController],
})
class CoreModule {}

await serve(CoreModule);
