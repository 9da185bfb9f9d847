import { Module } from '@nestjs/common';

import { MeasureModule } from '../measure/measure.module.js';
import { StockModule } from '../stock/stock.module.js';
import { CatchUp } from './catch-up.js';
import { Drive } from './drive.js';

@Module({ imports: [MeasureModule, StockModule], providers: [Drive, CatchUp] })
export class DriveModule {}
