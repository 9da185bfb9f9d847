import { findingIf, type ServerFinding } from '../typeorm/dialects/index.js';
import type { ApplicationPool } from '../typeorm/connections/log-connections.js';
import type { Check } from './examination.js';

/** What of the application's pool threatens publishing and transactional handlers. */
export function poolRisks(pool: ApplicationPool | null): ServerFinding<'replication-restore'>[] {
  return findingIf(
    pool?.forgetsServers ?? false,
    'replication-restore',
    'The data source has "replication" without restoreNodeTimeout: after five failed attempts to connect, mysql2 gives a server up ' +
      'for ever ("Pool does Not exist."), so the application does not recover from a short outage. The log itself does.',
    'Set replication: { restoreNodeTimeout: 1000, … } in the options of the data source',
  );
}

/** The application's pool recovers by itself. */
export const applicationPool: Check = {
  name: 'replication-restore',

  examine({ log }) {
    const risks = poolRisks(log.connections.applicationPool());
    return Promise.resolve(
      risks.map(({ name: check, message, fix }) => ({ check, severity: 'warning', message, fix })),
    );
  },
};
