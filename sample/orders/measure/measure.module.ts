import { Module } from '@nestjs/common';

import { Measurements } from './measurements.js';

@Module({ providers: [Measurements], exports: [Measurements] })
export class MeasureModule {}
