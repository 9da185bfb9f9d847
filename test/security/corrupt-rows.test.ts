import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type ConsumerOptions, type EventxEvent, EventDecodeError } from 'nestjs-eventx';

import { type ConsumerApp, startConsumerApp } from '../support/consumers/app.js';
import { corrupt, CORRUPTIONS, SECRET } from '../support/corrupt.js';
import { DATABASES, emptyDatabase, type TestDatabaseOptions } from '../support/data-sources.js';
import { take } from '../support/reading.js';
import { range, seqsOf } from '../support/stored-events.js';

const MODES = {
  plain: {},
  batch: { batch: true },
  transactional: { transactional: true },
  lanes: { concurrency: 4 },
  'transactional lanes': { concurrency: 4, transactional: true },
} as const;
type Mode = keyof typeof MODES;
const MODE_NAMES = Object.keys(MODES) as Mode[];

const COUNT = 9;
const BAD = 5;
const GOOD = range(1, COUNT).filter((seq) => seq !== BAD);

describe.each(DATABASES)('a corrupt row in the middle of the log on %s', (database) => {
  let databaseOptions: TestDatabaseOptions;
  let app: ConsumerApp;
  /** What handlers were done with, by consumer. */
  let seen: Map<string, number[]>;
  beforeEach(async () => {
    databaseOptions = await emptyDatabase(database);
    seen = new Map();
  });
  afterEach(async () => {
    await app.close();
    await databaseOptions.remove();
  });

  /** The log was written, and damaged, before this process began: it has no row in memory. */
  async function startOnCorrupt(kind: string): Promise<void> {
    const writer = await startConsumerApp(databaseOptions.options);
    await writer.write(
      ...range(1, COUNT).map((seq) => ({ type: seq === BAD ? 'bad' : 'good', key: `k${seq % 3}` })),
    );
    await corrupt(writer.dataSource, BAD, kind);
    await writer.close();
    app = await startConsumerApp(databaseOptions.options);
  }

  /** A consumer of each mode that looks at its events in this way. */
  function consume(
    look: (event: EventxEvent) => unknown,
    {
      suffix = '',
      ...options
    }: { suffix?: string; types?: string } & Pick<ConsumerOptions, 'afterRetries' | 'retry'> = {},
  ): string[] {
    return MODE_NAMES.map((mode) => {
      const name = `${mode.replace(' ', '-')}${suffix}`;
      const done: number[] = [];
      seen.set(name, done);
      app.consume({
        name,
        ...MODES[mode],
        ...options,
        handle: (events: EventxEvent | readonly EventxEvent[]) => {
          const all = [events].flat();
          all.forEach(look);
          done.push(...seqsOf(all));
        },
      });
      return name;
    });
  }

  const handled = (name: string) => [...new Set(seen.get(name))].sort((a, b) => a - b);

  test.each(Object.keys(CORRUPTIONS))('with %s', async (kind) => {
    await startOnCorrupt(kind);
    const lookAtAll = ({ headers, data }: EventxEvent) => [headers, data];
    const blind = consume(({ key }) => key, { suffix: '-blind' });
    const typed = consume(lookAtAll, { suffix: '-typed', types: 'good' });
    const parking = consume(lookAtAll, {
      suffix: '-parking',
      afterRetries: 'park',
      retry: { attempts: Infinity },
    });
    const halting = consume(lookAtAll, { suffix: '-halting' });

    for (const name of [...blind, ...typed, ...parking]) await app.finished(name);
    for (const name of blind) expect([name, handled(name)]).toEqual([name, range(1, COUNT)]);
    for (const name of [...typed, ...parking]) expect([name, handled(name)]).toEqual([name, GOOD]);
    for (const name of halting) {
      const { lastError } = await app.became(name, 'halted');
      expect(lastError).toMatch(/halted at seq 5 after 1 attempt.*Event 5 \(id 5, type "bad"\)/);
      expect(lastError).not.toMatch(SECRET);
    }
    const letters = await app.letters.list();
    expect(letters.map(({ consumer, seq }) => [consumer, seq])).toEqual(
      [...parking].sort().map((name) => [name, BAD]),
    );
    for (const { failures, attempts } of letters) {
      expect(attempts).toBe(1);
      expect(JSON.stringify(failures)).toMatch(/Event 5 \(id 5, type \\"bad\\"\)/);
      expect(JSON.stringify(failures)).not.toMatch(SECRET);
    }

    const events = await take(app.eventx.subscriber({ from: 1 }), COUNT);
    expect(seqsOf(events)).toEqual(range(1, COUNT));
    expect(() => JSON.stringify(events[BAD - 1])).toThrow(EventDecodeError);
    await app.write('good');
    for (const name of [...blind, ...typed, ...parking]) await app.finished(name);
    expect(app.runner.status).toMatchObject({ lastSeq: COUNT + 1, failures: 0, lastError: null });
  });
});
