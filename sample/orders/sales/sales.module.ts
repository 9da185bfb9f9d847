import { Module } from '@nestjs/common';

import { MeasureModule } from '../measure/measure.module.js';
import { SalesController } from './sales.controller.js';
import { SalesProjection } from './sales.projection.js';

@Module({
  imports: [MeasureModule],
  controllers: [SalesController],
  providers: [SalesProjection],
})
export class SalesModule {}
