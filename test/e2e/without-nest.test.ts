import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, test } from '@jest/globals';
import type { EventxEvent } from 'nestjs-eventx';
import { openEventLog } from 'nestjs-eventx/log';

import { cleanUpAfterEach } from '../support/clean-up.js';
import { connect, type Database, DATABASES, emptyDatabase } from '../support/data-sources.js';
import { take } from '../support/reading.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { seqsOf } from '../support/stored-events.js';
import { until } from '../support/until.js';

describe.each(DATABASES)('a log without Nest on %s', (database) => {
  const later = cleanUpAfterEach();
  const opened = async (on: Database) => {
    const { options, remove } = await emptyDatabase(on);
    later(remove);
    const dataSource = await connect(options);
    later(() => dataSource.destroy());
    return dataSource;
  };

  test('publishes, subscribes, consumes, is operated and closed', async () => {
    const dataSource = await opened(database);
    const logger = new RecordingLogger();
    const log = await openEventLog(dataSource, { logger, retention: { maxTotalEvents: 1 } });
    const handled: unknown[] = [];
    log.consumer({
      name: 'mailer',
      types: 'order.placed',
      startFrom: 'earliest',
      handle: (event: EventxEvent) => void handled.push(event.data),
    });
    await dataSource.transaction(async (manager) => {
      await log.publish(manager, { type: 'order.placed', data: { id: 7 } });
      await log.publish(manager, { type: 'order.paid' });
    });
    expect(seqsOf(await take(log.subscriber({ from: 1 }), 2))).toEqual([1, 2]);
    await until(async () => (await log.consumers.get('mailer')).lag === 0, {
      what: 'the consumer to finish',
    });
    expect(handled).toEqual([{ id: 7 }]);
    expect(await log.deadLetters.list()).toEqual([]);
    expect(await log.retention!.runOnce()).toMatchObject({ deleted: 1 });
    const unwell = (await log.doctor.examine()).filter(({ severity }) => severity === 'error');
    expect(unwell).toEqual([]);

    await log.close();
    await log.close();
    expect(logger.of('error')).toEqual([]);
    expect(logger.of('log')).toContainEqual(
      expect.stringMatching(/^Log "eventx_events" in .*: sequence, consume/),
    );
    await expect(
      dataSource.transaction((manager) => log.publish(manager, { type: 'late' })),
    ).rejects.toThrow(/closed/);
  });

  test('leaves nothing open when it cannot be opened', async () => {
    const dataSource = await opened(database);
    await expect(openEventLog(dataSource, { migrate: false })).rejects.toThrow(/schema lacks/);
    await expect(
      openEventLog(dataSource, { retention: { cron: 'never', maxTotalEvents: 1 } }),
    ).rejects.toThrow(/not a cron expression/);
    expect(dataSource.subscribers).toEqual([]);
  });
});

test('nothing that it imports knows Nest', () => {
  const known = new Set<string>();
  const packages = new Set<string>();
  const follow = (path: string): void => {
    if (known.has(path)) return;
    known.add(path);
    const code = readFileSync(path, 'utf8').replace(/^(import|export) type [^;]*;/gm, '');
    for (const [, from = ''] of code.matchAll(/(?:from|import\()\s*'([^']+)'/g)) {
      if (from.startsWith('.')) follow(join(dirname(path), from.replace(/\.js$/, '.ts')));
      else packages.add(from);
    }
  };
  follow(join(import.meta.dirname, '../../lib/log.ts'));
  expect(known.size).toBeGreaterThan(100);
  expect([...packages].filter((name) => name.startsWith('@'))).toEqual([]);
});
