import { Module } from '@nestjs/common';

import { ConsumersController } from './consumers.controller.js';
import { DeadLettersController } from './dead-letters.controller.js';

/** A real application would guard these. */
@Module({ controllers: [ConsumersController, DeadLettersController] })
export class OperateModule {}
