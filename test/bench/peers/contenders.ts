import { bullMqContenders } from './bullmq.js';
import { eventxContenders } from './eventx.js';
import { graphileContenders } from './graphile-worker.js';
import type { PeerPackages } from './install.js';
import { outboxContenders } from './nestjs-outbox.js';
import type { Contender } from './peer.js';
import { pgBossContenders } from './pg-boss.js';

/** Where the servers are; null for those that this machine does not have. */
export interface Servers {
  readonly mariaDbUrl: string;
  readonly postgresPort: number | null;
  readonly redisPort: number | null;
}

/** All that can run with these servers. */
export function contenders(
  packages: PeerPackages,
  { mariaDbUrl, postgresPort, redisPort }: Servers,
): Contender[] {
  return [
    ...eventxContenders(mariaDbUrl),
    ...outboxContenders(packages, mariaDbUrl),
    ...(postgresPort ? pgBossContenders(packages, postgresPort) : []),
    ...(postgresPort ? graphileContenders(packages, postgresPort) : []),
    ...(redisPort ? bullMqContenders(packages, redisPort) : []),
  ];
}
