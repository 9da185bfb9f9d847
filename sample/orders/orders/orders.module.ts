import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

import { MeasureModule } from '../measure/measure.module.js';
import { Order } from './order.entity.js';
import { OrdersController } from './orders.controller.js';
import { OrdersService } from './orders.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Order]), MeasureModule],
  controllers: [OrdersController],
  providers: [OrdersService],
})
export class OrdersModule {}
