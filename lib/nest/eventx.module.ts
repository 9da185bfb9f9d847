import { Module } from '@nestjs/common';

import { EventxOptionsError } from '../errors.js';
import { ConfigurableModuleClass } from './module-definition.js';
import { INJECTABLES } from './tokens.js';

/**
 * The event log as a Nest module.
 *
 * @example
 * imports: [TypeOrmModule.forRoot({ …, autoLoadEntities: true }), EventxModule.forRoot({ isGlobal: true })]
 */
@Module({
  // What `forRoot` makes has a class of its own, so this is what the bare class gives: an error that says more than Nest's.
  providers: INJECTABLES.map((provide) => ({ provide, useFactory: refuse })),
  exports: [...INJECTABLES],
})
export class EventxModule extends ConfigurableModuleClass {}

function refuse(): never {
  throw new EventxOptionsError(
    'EventxModule is imported without forRoot. Import EventxModule.forRoot({ isGlobal: true }) once, in the root module; other ' +
      'modules need not import it then.',
  );
}
