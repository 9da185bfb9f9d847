import { existsSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { startApp } from '../../support/app.js';
import { cleanUpAfterEach } from '../../support/clean-up.js';
import { createDatabase } from '../../support/databases.js';
import { examine, finding } from '../../support/doctor.js';
import { MariaDbServer } from '../../support/mariadb-server.mjs';

/** Debian's package of the server brings it; where it is not, there is no Galera to try. */
const PROVIDER = '/usr/lib/galera/libgalera_smm.so';

(existsSync(PROVIDER) ? describe : describe.skip)('a node of a Galera cluster', () => {
  const server = new MariaDbServer({
    durable: true,
    flags: [
      '--wsrep-on=ON',
      `--wsrep-provider=${PROVIDER}`,
      '--wsrep-cluster-address=gcomm://',
      '--wsrep-node-address=127.0.0.1',
      '--wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:0;ist.recv_addr=127.0.0.1:0',
      '--wsrep-sst-method=rsync',
      '--binlog-format=ROW',
      '--innodb-autoinc-lock-mode=2',
    ],
  });
  const later = cleanUpAfterEach();
  beforeAll(() => server.start(), 120_000);
  afterAll(() => server.stop());

  test('is refused at the start, unless it is allowed; then the doctor mentions it', async () => {
    const database = await createDatabase(server.url());
    later(() => database.drop());
    await expect(startApp(database.options)).rejects.toThrow(
      /Galera node: .*Send all writes to one node\. To start regardless: allowUnsafe: \['galera'\]/,
    );
    const app = await startApp(database.options, { options: { allowUnsafe: ['galera'] } });
    later(() => app.close());
    expect(await examine(app)).toContainEqual(finding('galera', 'info', /Galera/, /one node/));
  });
});
