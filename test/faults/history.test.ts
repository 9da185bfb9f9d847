import { describe, expect, test } from '@jest/globals';
import {
  type ConsumerHistory,
  type History,
  historyViolations,
  type WriterTransaction,
} from 'nestjs-eventx/testing';

type Outcome = WriterTransaction['outcome'];

/** Each at its own time; of one that is unknown the end is, too. */
function transaction(
  writer: string,
  uuids: string[],
  outcome: Outcome,
  begun: number,
): WriterTransaction {
  return { writer, uuids, outcome, begun, ended: outcome === 'unknown' ? null : begun + 5 };
}

const PLAIN: ConsumerHistory = { effects: [1, 2, 2, 3, 4], times: 'at least once', order: 'log' };
const ONCE: ConsumerHistory = { effects: [1, 2, 3, 4], times: 'once', order: 'log' };

const PARKS: ConsumerHistory = { effects: [1, 4], times: 'once', order: 'key', parked: [2, 3] };

/** Two writers, four events, one transaction rolled back and one of which nobody knows: nothing is wrong with it. */
const GOOD: History = {
  transactions: [
    transaction('anna', ['a1', 'a2'], 'committed', 0),
    transaction('anna', ['a3', 'a4'], 'rolled back', 10),
    transaction('ben', ['b1'], 'committed', 1),
    transaction('ben', ['b2', 'b3'], 'unknown', 11),
    transaction('anna', ['a5'], 'committed', 20),
  ],
  log: [
    { seq: 1, uuid: 'a1', key: 'x', versions: { first: 1, second: 1 } },
    { seq: 3, uuid: 'b1', key: 'y', versions: { first: 2 } },
    { seq: 2, uuid: 'a2', key: 'y' },
    { seq: 4, uuid: 'a5', key: 'x', versions: { second: 2, first: 3 } },
  ],
  rows: ['a1', 'b1', 'a5'],
  subscribers: { carl: ['a1', 'a2', 'b1', 'a5'].map((uuid, index) => ({ seq: index + 1, uuid })) },
  consumers: {
    plain: PLAIN,
    once: ONCE,
    lanes: { effects: [2, 1, 4, 3], times: 'once', order: 'key' },
    parks: PARKS,
  },
  lastSeq: 4,
  versions: { first: 3, second: 2 },
};
const carl = GOOD.subscribers['carl']!;

/** Without the consumers, whose effects are those of the good log. */
function changed(change: Partial<History>): string[] {
  return historyViolations({ ...GOOD, consumers: {}, ...change });
}

/** With another outcome of the transaction that begins with this event. */
function ended(uuid: string, outcome: Outcome): WriterTransaction[] {
  return GOOD.transactions.map((one) =>
    one.uuids[0] === uuid ? transaction(one.writer, [...one.uuids], outcome, one.begun) : one,
  );
}

function withTransaction(outcome: Outcome, uuids: string[], rows: string[]): string[] {
  return changed({
    transactions: [...GOOD.transactions, transaction('dora', uuids, outcome, 30)],
    rows: [...GOOD.rows, ...rows],
  });
}

function withEvent(uuid: string, seq: number | null, lastSeq = 4) {
  const found = changed({ log: [...GOOD.log, { seq, uuid }], lastSeq });
  return found.filter((violation) => !violation.includes('nobody wrote'));
}

function consumed(name: string, consumer: Partial<ConsumerHistory>): string[] {
  const { [name]: good } = GOOD.consumers!;
  return historyViolations({ ...GOOD, consumers: { [name]: { ...good!, ...consumer } } });
}

describe('the checker of histories', () => {
  test('finds nothing in a good one', () => {
    expect(historyViolations(GOOD)).toEqual([]);
  });

  test('G1: an acknowledged event that is not there', () => {
    expect(withTransaction('committed', ['d1'], ['d1'])).toEqual([
      'G1: a transaction of dora (committed) left its row and 0 of its 1 events',
    ]);
  });

  test('G1: a rolled-back event that is there', () => {
    const rows = GOOD.rows.filter((uuid) => uuid !== 'b1');
    expect(changed({ rows, transactions: ended('b1', 'rolled back') })).toEqual([
      'G1: a transaction of ben (rolled back) left no row and 1 of its 1 events',
    ]);
  });

  test('G1: of a transaction of which nobody knows, the row without the events, or a part of them', () => {
    expect(withTransaction('unknown', ['d1', 'd2'], ['d1'])).toEqual([
      'G1: a transaction of dora (unknown) left its row and 0 of its 2 events',
    ]);
    expect(withTransaction('unknown', ['d1', 'a5'], ['d1'])).toContain(
      'G1: a transaction of dora (unknown) left its row and 1 of its 2 events',
    );
  });

  test('G1: of a transaction of which nobody knows, the events without the row', () => {
    expect(changed({ rows: ['a1', 'b1'], transactions: ended('a5', 'unknown') })).toEqual([
      'G1: a transaction of anna (unknown) left no row and 1 of its 1 events',
    ]);
  });

  test('G1: an event that nobody wrote', () => {
    expect(changed({ transactions: GOOD.transactions.slice(0, 4) })).toEqual([
      'G1: nobody wrote event a5 (seq 4)',
    ]);
  });

  test('G2: an event without a number', () => {
    expect(withEvent('d1', null)).toEqual(['G2: event d1 has no number']);
  });

  test('G2: a number that was given twice', () => {
    expect(withEvent('d1', 3)).toContain('G2: number 3 was given twice');
  });

  test('G2: an event that is in the log twice', () => {
    expect(withEvent('b1', null)).toContain('G2: event b1 is in the log twice');
  });

  test('G2: a gap, and a number past the state row', () => {
    expect(withEvent('d1', 6)).toEqual(['G2: number 6 is not from 1 to 4']);
    expect(withEvent('d1', 6, 6)).toContain('G2: number 5 is missing, the log ends at 6');
  });

  test('G2: a number that changed after a subscriber saw it', () => {
    const log = GOOD.log.map(({ seq, uuid }) => ({ uuid, seq: [0, 1, 2, 4, 3][seq!]! }));
    expect(changed({ log })).toEqual(
      expect.arrayContaining([
        'G2: carl got b1 as event 3, which is a5 in the log',
        'G2: carl got a5 as event 4, which is b1 in the log',
      ]),
    );
  });

  test('G3: what began after an acknowledged commit before it', () => {
    const late = transaction('ben', ['b1'], 'committed', 100);
    const transactions = GOOD.transactions.map((one) => (one.uuids[0] === 'b1' ? late : one));
    expect(changed({ transactions })).toEqual([
      'G3: event 3 of ben began after event 4 of anna was acknowledged',
    ]);
    // Of one whose end is unknown the same holds, once it is there.
    const unknown = { ...late, outcome: 'unknown' as const, ended: null };
    expect(
      changed({ transactions: transactions.map((one) => (one === late ? unknown : one)) }),
    ).toHaveLength(1);
  });

  test('G3: what began before it was acknowledged may come first', () => {
    const early = transaction('ben', ['b1'], 'committed', 24);
    const transactions = GOOD.transactions.map((one) => (one.uuids[0] === 'b1' ? early : one));
    expect(changed({ transactions })).toEqual([]);
  });

  test('G3: the events of a transaction in another order', () => {
    const [first, ...rest] = GOOD.transactions;
    const transactions = [{ ...first!, uuids: ['a2', 'a1'] }, ...rest];
    expect(changed({ transactions, rows: ['a2', 'b1', 'a5'] })).toEqual([
      'G3: anna published event 1 after event 2',
    ]);
  });

  test('G3: the log in another order than that of a lock, and a lock without an event', () => {
    const swap: Record<string, number> = { b1: 3, a5: 2 };
    const log = GOOD.log.map((event) =>
      event.uuid in swap ? { ...event, versions: { first: swap[event.uuid]! } } : event,
    );
    expect(changed({ log, versions: { first: 2 } })).toEqual([
      'G3: event 3 has version 3 of row first where version 2 belongs',
      'G3: event 4 has version 2 of row first where version 4 belongs',
    ]);
    expect(changed({ versions: { first: 4 } })).toEqual([
      'G3: row first is at version 4, in the log at 3',
    ]);
  });

  test('G4: a subscriber that missed an event, saw one twice, began late or ended early', () => {
    const saw = (...seqs: number[]) =>
      changed({ subscribers: { carl: seqs.map((seq) => carl[seq - 1]!) } });
    expect(saw(1, 2, 4)).toEqual(['G4: carl got event 4 where event 3 belongs']);
    expect(saw(1, 2, 2, 3, 4)).toEqual(['G4: carl got event 2 where event 3 belongs']);
    expect(saw(2, 3, 4)).toEqual(['G4: carl got event 2 where event 1 belongs']);
    expect(saw(1, 2, 3)).toEqual(['G4: carl got nothing after event 3 of 4']);
  });

  test('G5: an event without an effect, and an effect without an event', () => {
    expect(consumed('plain', { effects: [1, 2, 4] })).toEqual(['G5: plain left out event 3 of 4']);
    expect(consumed('plain', { effects: [1, 2, 3, 4, 5] })).toEqual([
      'G5: plain handled event 5, which is not in the log',
    ]);
  });

  test('G5: a second effect where there may be one only', () => {
    expect(consumed('once', { effects: [1, 2, 2, 3, 4] })).toEqual([
      'G5: once handled event 2 again',
    ]);
  });

  test('G5: effects in another order', () => {
    expect(consumed('plain', { effects: [1, 3, 2, 3, 4] })).toEqual([
      'G5: plain handled event 2 after event 3 of the log',
    ]);
    expect(consumed('lanes', { effects: [3, 1, 4, 2] })).toEqual([
      'G5: lanes handled event 2 after event 3 of y',
    ]);
  });

  test('G5: an event that went past a parked one of its key', () => {
    expect(consumed('parks', { parked: [2], effects: [1, 3, 4] })).toEqual([
      'G5: parks handled event 3, though event 2 of its key is parked',
    ]);
  });

  test('G5: a parked event that had its effect nevertheless', () => {
    expect(consumed('parks', { effects: [1, 3, 4] })).toEqual([
      'G5: parks handled event 3, though event 2 of its key is parked',
    ]);
  });
});
