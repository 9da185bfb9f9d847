import { ConfigurableModuleBuilder, type DynamicModule, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';

import { eventEntity } from '../typeorm/mapping/event.entity.js';
import { resolveTables } from '../typeorm/tables.js';
import { eventxExports, eventxProviders } from './eventx.providers.js';
import { MODULE_OPTIONS_TOKEN } from './module-options.token.js';
import type { EventxModuleOptions } from '../event-log/event-log-options.js';
import type { EventxModuleExtras } from './log-settings.js';

/** Every one of them by name: what is not here Nest takes for an option. */
const EXTRAS = {
  isGlobal: false,
  name: undefined,
  dataSource: undefined,
  tables: undefined,
  entity: undefined,
} satisfies Record<keyof EventxModuleExtras, unknown>;

/** `forRoot` and `forRootAsync` (useFactory, useClass, useExisting), with the extras beside the options. */
export const { ConfigurableModuleClass, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<EventxModuleOptions>({
    optionsInjectionToken: MODULE_OPTIONS_TOKEN,
  })
    .setClassMethodName('forRoot')
    .setExtras<EventxModuleExtras>(EXTRAS, withExtras)
    .build();

/** What `forRoot` makes. */
@Module({})
class EventxLogModule {}

function withExtras(definition: DynamicModule, extras: EventxModuleExtras): DynamicModule {
  // For its side effect: with `autoLoadEntities` the entity joins the data source. The repository is the application's to ask for.
  const entity = extras.entity ?? eventEntity(resolveTables(extras.tables).events);
  TypeOrmModule.forFeature([entity], extras.dataSource);
  return {
    ...definition,
    module: EventxLogModule,
    global: extras.isGlobal ?? false,
    imports: [...(definition.imports ?? []), DiscoveryModule],
    providers: [...(definition.providers ?? []), ...eventxProviders(extras)],
    exports: [...(definition.exports ?? []), ...eventxExports(extras)],
  };
}
