import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { EventxDoctor, EventxModule, EventxService } from 'nestjs-eventx';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { DataSource, DataSourceOptions } from 'typeorm';

import { QUIET, startNest, typeOrm } from '../../support/app.js';
import { cleanUpAfterEach } from '../../support/clean-up.js';
import { createDatabase } from '../../support/databases.js';
import { finding } from '../../support/doctor.js';
import { MariaDbServer } from '../../support/mariadb-server.mjs';

const MIB = 1024 * 1024;

describe('the doctor and a server that takes small packets', () => {
  const server = new MariaDbServer({ durable: true, flags: ['--max-allowed-packet=2M'] });
  const later = cleanUpAfterEach();
  beforeAll(() => server.start(), 120_000);
  afterAll(() => server.stop());

  const start = async (options: DataSourceOptions, maxPayloadBytes: number) => {
    const app = await startNest([
      typeOrm(options),
      EventxModule.forRoot({ ...QUIET, run: false, maxPayloadBytes }),
    ]);
    later(() => app.close());
    const dataSource = app.get<DataSource>(getDataSourceToken());
    const eventx = app.get(EventxService);
    return {
      findings: () => app.get(EventxDoctor).examine(),
      publish: (...events: { type: string; data?: unknown; headers?: Record<string, string> }[]) =>
        dataSource.transaction((manager) => eventx.publish(manager, events)),
    };
  };

  test('finds that the largest payload does not get through; with what it says to do, everything does', async () => {
    const database = await createDatabase(server.url());
    later(() => database.drop());
    const small = await start(database.options, MIB);
    // A string becomes JSON: two quotation marks more.
    const largest = { type: 'large', data: 'x'.repeat(MIB - 2) };
    await expect(small.publish(largest)).rejects.toThrow(/max_allowed_packet|ECONNRESET|EPIPE/);
    const findings = await small.findings();
    expect(findings).toEqual([
      finding(
        'packet-size',
        'warning',
        /max_allowed_packet is 2097152 bytes, but publishing payloads of 1048576 bytes/,
        /^SET GLOBAL max_allowed_packet = \d+, also .*lower maxPayloadBytes/,
      ),
    ]);

    await database.query(findings[0]!.fix.split(',')[0]!);
    const large = await start(database.options, MIB);
    expect(await large.findings()).toEqual([]);
    await large.publish(largest);
    // What text takes most: every character of these is escaped.
    const header = '"'.repeat((MIB - 10) / 2);
    await large.publish({ type: '\\'.repeat(191), data: '', headers: { h: header } });
    const type = '\\'.repeat(191);
    const many = Array.from({ length: 1000 }, () => ({ type, key: type, data: 'x'.repeat(1000) }));
    await large.publish(...many);
    const [{ count } = { count: 0 }] = await database.query<{ count: number }>(
      'SELECT COUNT(*) AS count FROM eventx_events',
    );
    expect(count).toBe(1002);
  });

  test.each([1, 2, 4, 8].map((mib) => mib * MIB))(
    'says enough, and not far too much, for payloads of %i bytes',
    async (maxPayloadBytes) => {
      const database = await createDatabase(server.url());
      later(() => database.drop());
      await database.query('SET GLOBAL max_allowed_packet = 2097152');
      const before = await start(database.options, maxPayloadBytes);
      const [{ fix } = { fix: '' }] = await before.findings();
      const needed = Number(/packet = (\d+)/.exec(fix)![1]);
      expect(needed).toBeLessThanOrEqual(2 * maxPayloadBytes + 2 * MIB + 1024);
      await database.query(`SET GLOBAL max_allowed_packet = ${needed}`);
      const after = await start(database.options, maxPayloadBytes);
      await after.publish({ type: 'large', data: 'x'.repeat(maxPayloadBytes - 2) });
    },
  );
});
