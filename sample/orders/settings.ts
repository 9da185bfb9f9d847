import { parseArgs } from 'node:util';

import { StartupError } from '../shared/startup.error.js';
import { wholeNumber } from '../shared/whole-number.js';

export interface Settings {
  /** Exit after the summary. */
  readonly once: boolean;
  /** How many orders the sample places by itself. */
  readonly orders: number;
  readonly clients: number;
  /** Where to listen; another port when it is taken. */
  readonly port: number;
}

const USAGE = 'Options: --once, --orders N, --clients N; environment: PORT, EVENTX_DATABASE_URL.';

/** @throws StartupError */
export function readSettings(args: string[], env: NodeJS.ProcessEnv): Settings {
  const { once, orders, clients } = parse(args);
  return {
    once,
    orders: wholeNumber('--orders', orders, 1, 1_000_000),
    clients: wholeNumber('--clients', clients, 1, 1000),
    port: wholeNumber('PORT', env.PORT || '3000', 0, 65_535),
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        once: { type: 'boolean', default: false },
        orders: { type: 'string', default: '1000' },
        clients: { type: 'string', default: '8' },
      },
    }).values;
  } catch (cause) {
    throw new StartupError(`${(cause as Error).message.split('. ')[0]}. ${USAGE}`, { cause });
  }
}
