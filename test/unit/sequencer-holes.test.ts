import { afterEach, describe, expect, test } from '@jest/globals';
import { EventNotFoundError } from 'nestjs-eventx';

import { RunnerBench } from '../support/runner.js';
import { SequencerBench, SIZES } from '../support/sequencer.js';
import { range, seqsOf } from '../support/stored-events.js';
import { until } from '../support/until.js';

/** Rows that somebody deletes by hand: events 1 to 3 are known by then, 4 to 19 are what another process has just numbered. */
const HOLES: Readonly<Record<string, readonly number[]>> = {
  'at the start': [4],
  'in the middle': [6],
  'at the end of a batch': [4 + SIZES.base - 1],
  'at the start of the next batch': [4 + SIZES.base],
  'at the end of the log': [19],
  'several, next to each other and not': [4, 6, 7, 11, 15, 19],
  'several, after some that are there': [6, 7, 10, 15],
  'all of it': range(4, 19),
  'where it was': [3],
  'where it was, and behind it': [3, 4, 8],
};
const ROLES = [
  ['sequencing', true],
  ['only following', false],
] as const;

describe.each(ROLES)('G9 holes in what another process numbered, while %s', (_, numbers) => {
  test.each(Object.entries(HOLES))('%s', async (_where, holes) => {
    const log = new SequencerBench();
    log.restart({ numbers });
    log.insert(3);
    await log.rival();
    await log.drain();
    const [first] = log.insert(16);
    await log.rival();
    for (const seq of holes) log.table.delete(first! + seq - 4);

    expect(await log.drain()).toBe(0);
    expect(log.window.head).toBe(19);
    expect(log.heldSeqs).toEqual(range(log.window.first, 19));
    expect(log.truncations).toEqual([]);
    log.insert(2);
    if (!numbers) await log.rival();
    expect(await log.drain()).toBe(0);
    expect(log.window.head).toBe(21);
    expect(log.heldSeqs.slice(-2)).toEqual([20, 21]);
  });
});

describe.each(ROLES)('G9 holes: subscribers of a process that is %s', (_, sequence) => {
  let bench: RunnerBench;
  afterEach(() => bench.stop());

  test('get what there is; those that need what is gone are told, the others go on', async () => {
    bench = new RunnerBench({ sequence });
    bench.table.insert(...range(1, 3));
    const rival = async () => {
      const pending = await bench.table.readPending(100);
      await bench.table.sequence(await bench.table.readState(), pending);
    };
    await rival();
    await bench.started();
    await bench.reached(3);
    const waiting = bench.runner.subscriber({ from: 4 });
    const first = waiting.fetch();
    const ahead = bench.runner.subscriber({ from: 11 });
    const later = ahead.fetch();
    await until(() => bench.runner.status.waiting === 2, { what: 'both to wait' });
    bench.table.insert(...range(4, 10));
    await rival();
    bench.table.delete(6);
    bench.table.delete(10);
    bench.runner.signal();
    await bench.reached(10);

    const seen = seqsOf(await first);
    while (seen.at(-1) !== 5) seen.push(...seqsOf(await waiting.fetch()));
    expect(seen).toEqual([4, 5]);
    const error: unknown = await waiting.fetch().catch((error: unknown) => error);
    expect(error).toBeInstanceOf(EventNotFoundError);
    expect(error).toMatchObject({ seq: 6, nextAvailable: 7 });
    const behind = bench.runner.subscriber({ from: 7 });
    expect(seqsOf(await behind.fetch())).toEqual([7, 8, 9]);
    await expect(behind.fetch()).rejects.toMatchObject({ seq: 10, nextAvailable: null });

    bench.table.insert(11);
    if (!sequence) await rival();
    bench.runner.signal();
    expect(seqsOf(await later)).toEqual([11]);
    expect(bench.runner.status.failures).toBe(0);
    expect(bench.logger.of('warn')).toEqual([]);
  });
});
