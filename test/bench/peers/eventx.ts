import { readFileSync } from 'node:fs';

import type { ConsumerSettings } from './eventx-peer.js';
import type { Contender } from './peer.js';

/** This library with a durable consumer. */
export function eventxContenders(mariaDbUrl: string): Contender[] {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const contender = (settings: string, options: ConsumerSettings): Contender => ({
    product: 'nestjs-eventx',
    version,
    settings,
    database: 'MariaDB',
    transactional: true,
    // Only now: copies of TypeORM in one process share what they know of entities, and the peers bring another version.
    start: async () => (await import('./eventx-peer.js')).start(mariaDbUrl, options),
  });
  return [
    contender('defaults', {}),
    contender('batch', { batch: true }),
    contender('transactional consumer', { transactional: true }),
  ];
}
