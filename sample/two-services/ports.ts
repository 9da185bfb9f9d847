import { StartupError } from '../shared/startup.error.js';
import { wholeNumber } from '../shared/whole-number.js';

const LARGEST = 65_535;

/** Where the two services listen; 0 is any port that is free. */
export interface Ports {
  readonly core: number;
  readonly events: number;
}

/** PORT is for the core service, EVENTS_PORT for the event service; both are free to choose. @throws StartupError */
export function readPorts(env: NodeJS.ProcessEnv): Ports {
  const core = wholeNumber('PORT', env.PORT || '0', 0, LARGEST);
  const events = wholeNumber('EVENTS_PORT', env.EVENTS_PORT || '0', 0, LARGEST);
  if (core === events && core !== 0) {
    throw new StartupError(
      `PORT and EVENTS_PORT are both ${core}, but each of the two services needs a port of its own. Leave one of them out, ` +
        'and that service takes one that is free.',
    );
  }
  return { core, events };
}
