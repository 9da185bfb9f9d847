import { describe, expect, test } from '@jest/globals';

import { consumers } from '../../../lib/doctor/consumers.js';
import { dialectNamed } from '../../../lib/typeorm/dialects/index.js';
import type { Examination } from '../../../lib/doctor/examination.js';
import { sequence } from '../../../lib/doctor/sequence.js';
import { logTables, resolveTables } from '../../../lib/typeorm/tables.js';

const TABLES = logTables(resolveTables());

/** A log that changes while it is examined. */
class MovingLog {
  readonly events = new Set<number>();
  lastSeq = 0;
  offset = 0;
  /** Called before each count, and before the consumers are read. */
  meanwhile: () => void = () => undefined;

  publish(count: number): void {
    for (let times = 0; times < count; times++) this.events.add(++this.lastSeq);
  }

  deleteBefore(seq: number): void {
    for (const each of this.events) if (each < seq) this.events.delete(each);
  }

  examination(): Examination {
    const { events } = this;
    const min = (from: number) => {
      const rest = [...events].filter((seq) => seq >= from);
      return rest.length > 0 ? Math.min(...rest) : null;
    };
    const fake = {
      full: true,
      limits: { waitingConsumer: 0 },
      log: {
        target: { ...TABLES, seqColumn: 'seq', dialect: dialectNamed('mariadb') },
        mapping: { columns: [] },
        consumers: { ...TABLES, seqColumn: 'seq', createdAtColumn: null },
      },
      rows: () => {
        this.meanwhile();
        const { offset: seq, lastSeq: last_seq } = this;
        return Promise.resolve([{ consumer: 'c', seq, last_seq, epoch: 1, live_owner: 'me' }]);
      },
      connected: (work: (connection: object) => Promise<unknown>) =>
        work({
          rows: () =>
            Promise.resolve([
              { lastSeq: this.lastSeq, minSeq: min(0), maxSeq: Math.max(...events) },
            ]),
        }),
      row: (sql: string, [first = 0, last = 0]: number[] = []) => {
        if (sql.includes('AS `now`')) return Promise.resolve({ now: 0 });
        if (sql.includes('MIN(')) return Promise.resolve({ next: min(first + 1) });
        this.meanwhile();
        const count = [...events].filter((seq) => seq >= first && seq <= last).length;
        return Promise.resolve({ count });
      },
    };
    return fake as unknown as Examination;
  }
}

describe('an examination of a log that is in use', () => {
  test('does not take what retention deletes meanwhile for missing', async () => {
    const log = new MovingLog();
    log.publish(100);
    let times = 0;
    log.meanwhile = () => {
      if (++times % 3 === 1) log.deleteBefore(10 * times);
    };
    expect(await sequence.examine(log.examination())).toEqual([]);
    expect(times).toBeGreaterThan(3);
  });

  test('still finds what is missing behind it', async () => {
    const log = new MovingLog();
    log.publish(100);
    log.events.delete(80);
    let times = 0;
    log.meanwhile = () => {
      if (++times === 2) log.deleteBefore(30);
    };
    expect(await sequence.examine(log.examination())).toMatchObject([
      { check: 'missing-events', message: expect.stringContaining('event 80') },
    ]);
  });

  test('does not take a consumer that handles events meanwhile for ahead of the log, nor for behind it', async () => {
    const log = new MovingLog();
    log.publish(10);
    log.offset = 10;
    log.meanwhile = () => {
      log.publish(5);
      log.offset = 15;
      log.deleteBefore(15);
    };
    expect(await consumers.examine(log.examination())).toEqual([]);
  });
});
