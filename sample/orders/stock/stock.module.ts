import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';

import { StockAudit } from './stock.audit.js';
import { StockController } from './stock.controller.js';
import { Stock } from './stock.entity.js';
import { StockReservation } from './stock.reservation.js';

@Module({
  imports: [TypeOrmModule.forFeature([Stock])],
  controllers: [StockController],
  providers: [StockReservation, StockAudit],
  exports: [StockAudit],
})
export class StockModule {}
