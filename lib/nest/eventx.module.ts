import { Module } from '@nestjs/common';

import { ConfigurableModuleClass } from './module-definition.js';

/**
 * The event log as a Nest module.
 *
 * @example
 * imports: [TypeOrmModule.forRoot({ …, autoLoadEntities: true }), EventxModule.forRoot({ isGlobal: true })]
 */
@Module({})
export class EventxModule extends ConfigurableModuleClass {}
