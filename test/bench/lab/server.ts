import { MariaDbServer } from '../../support/mariadb-server.mjs';

/** Memory of the private server. Large enough that the hot part of the largest log stays in it, as on a server in production. */
const FLAGS = ['--innodb-buffer-pool-size=1G', '--innodb-log-file-size=512M'];

/** A private MariaDB server that flushes its log at every commit (`innodb_flush_log_at_trx_commit=1`). */
export function startServer(): Promise<MariaDbServer> {
  return new MariaDbServer({ durable: true, flags: FLAGS }).start();
}

export const SERVER_CONDITIONS = `durable commits, ${FLAGS.join(' ').replaceAll('--innodb-', '')}`;
