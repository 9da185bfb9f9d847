import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { Replicas } from '../../support/processes/replicas.js';
import { range } from '../../support/stored-events.js';

const LEASE = 2000;
const options = { pollInterval: 20, consumers: { lease: LEASE } };
const named = (...names: string[]) => names.map((name) => ({ name, transactional: true }));
const FOUR = named('a', 'b', 'c', 'd');

let replicas: Replicas;
beforeEach(async () => {
  replicas = await Replicas.open();
});
afterEach(() => replicas.close());

const spreadIs = (...counts: number[]) =>
  replicas.until(
    async () => JSON.stringify(await replicas.spread()) === JSON.stringify(counts),
    `consumers spread as ${counts.join(', ')}`,
  );

async function everythingOnce(...consumers: string[]): Promise<void> {
  const lastSeq = await replicas.lastSeq();
  for (const consumer of consumers) {
    await replicas.until(
      async () => (await replicas.offset(consumer)).seq >= lastSeq,
      `${consumer} to finish`,
    );
    const effects = await replicas.effects(consumer);
    expect(effects.slice(0, lastSeq)).toEqual(range(1, lastSeq));
  }
}

describe('consumers of several replicas', () => {
  test('each runs on one; they spread when another replica starts, and come back when it goes', async () => {
    const anna = await replicas.start('anna', { options, consumers: FOUR, writers: 2, restMs: 20 });
    await spreadIs(4);
    const ben = await replicas.start('ben', { options, consumers: FOUR });
    await spreadIs(2, 2);
    await replicas.until(
      () => new Set(['a', 'b', 'c', 'd'].map((name) => replicas.handlerOf(name))).size === 2,
      'both to handle events',
    );
    await replicas.start('carl', { options, consumers: FOUR });
    await spreadIs(2, 1, 1);
    await ben.stop();
    await spreadIs(2, 2);
    await anna.stop();
    await spreadIs(4);
    await everythingOnce('a', 'b', 'c', 'd');
  }, 120_000);

  test('after SIGKILL another replica takes over when the lease is up, and not before', async () => {
    const consumers = named('a');
    const anna = await replicas.start('anna', { options, consumers, writers: 2, restMs: 20 });
    await replicas.until(() => replicas.handlerOf('a') === 'anna', 'the first to handle events');
    await replicas.start('ben', { options, consumers, writers: 2, restMs: 20 });
    await anna.kill();
    const { leaseUntil } = await replicas.offset('a');
    await replicas.until(() => replicas.handlerOf('a') === 'ben', 'the second to take over');
    const { at } = replicas.handling.find(({ replica }) => replica === 'ben')!;
    expect(at).toBeGreaterThanOrEqual(leaseUntil);
    await everythingOnce('a');
  }, 120_000);

  test('a replica that was stopped past its lease, and wakes up, moves nothing any more', async () => {
    const consumers = named('a');
    const anna = await replicas.start('anna', { options, consumers, writers: 1, restMs: 10 });
    await replicas.until(() => replicas.handlerOf('a') === 'anna', 'the first to handle events');
    await replicas.start('ben', { options, consumers, writers: 1, restMs: 10 });
    anna.suspend();
    await replicas.until(() => replicas.handlerOf('a') === 'ben', 'the second to take over');
    anna.resume();
    const before = await replicas.lastSeq();
    await replicas.until(async () => (await replicas.lastSeq()) > before + 50, 'more events');
    await everythingOnce('a');
  }, 120_000);
});
