import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { Replicas } from '../../support/processes/replicas.js';
import { range } from '../../support/stored-events.js';

/** So long that nobody takes over what was not given free. */
const LEASE = 3_600_000;
const HEARTBEAT = 200;

let replicas: Replicas;
beforeEach(async () => {
  replicas = await Replicas.open();
});
afterEach(() => replicas.close());

const idle = (name: string) =>
  replicas.until(async () => {
    const { seq } = await replicas.offset(name);
    return seq > 0 && seq === (await replicas.lastSeq());
  }, `${name} to have nothing to do`);

describe.each([{ transactional: true }, { transactional: false }])(
  'at SIGTERM a replica with consumers (%j)',
  ({ transactional }) => {
    const consumer = { name: 'c', transactional, takes: 100 };

    test('lets the event in hand end, commits the offset and gives the lease free', async () => {
      const anna = await replicas.start('anna', {
        options: { pollInterval: 20, consumers: { lease: LEASE } },
        consumers: [consumer],
        writers: 1,
      });
      await replicas.until(() => replicas.handling.length >= 3, 'some events');
      await anna.stop();
      // Nothing that was begun was broken off, and nothing is to come again.
      expect(replicas.handled.map(({ seq }) => seq)).toEqual(
        replicas.handling.map(({ seq }) => seq),
      );
      const done = await replicas.effects('c');
      expect(done).toEqual(range(1, replicas.handling.length));
      expect(await replicas.offset('c')).toEqual({ seq: done.length, owner: null, leaseUntil: 0 });
    });

    test('a second replica goes on where it stopped, though the lease had long to go', async () => {
      const settings = {
        options: { pollInterval: 20, consumers: { lease: 4 * HEARTBEAT } },
        consumers: [{ ...consumer, takes: 5 }],
        writers: 1,
        // Slower than the consumer.
        restMs: 50,
      };
      const anna = await replicas.start('anna', settings);
      await replicas.until(() => replicas.handling.length >= 3, 'some events');
      await replicas.start('ben', settings);
      await anna.stop();
      await replicas.until(() => replicas.handlerOf('c') === 'ben', 'the second to take over');
      const before = await replicas.lastSeq();
      await replicas.until(async () => (await replicas.lastSeq()) > before + 10, 'more events');
      const lastSeq = await replicas.lastSeq();
      await replicas.until(async () => (await replicas.offset('c')).seq >= lastSeq, 'them handled');
      expect((await replicas.effects('c')).slice(0, lastSeq)).toEqual(range(1, lastSeq));
    }, 120_000);
  },
);

test('a handler that never ends is broken off at the limit; its event is another replica’s', async () => {
  const options = { pollInterval: 20, consumers: { lease: LEASE, shutdownTimeout: 300 } };
  const anna = await replicas.start('anna', {
    options,
    consumers: [{ name: 'c', transactional: true, takes: null }],
    writers: 1,
  });
  await replicas.until(() => replicas.handling.length > 0, 'the handler to begin');
  await anna.stop();
  expect(await replicas.offset('c')).toEqual({ seq: 0, owner: null, leaseUntil: 0 });
  expect(await replicas.effects('c')).toEqual([]);

  await replicas.start('ben', { options, consumers: [{ name: 'c', transactional: true }] });
  await idle('c');
  expect((await replicas.effects('c'))[0]).toBe(1);
});

test('a replica ends in good order in the middle of a load, again and again, and nothing is lost', async () => {
  const settings = {
    options: { pollInterval: 20, consumers: { lease: LEASE } },
    consumers: [
      { name: 'a', transactional: true },
      { name: 'b', transactional: true, concurrency: 4 },
      { name: 'c' },
    ],
    writers: 4,
    restMs: 30,
  };
  for (let round = 1; round <= 3; round++) {
    const anna = await replicas.start('anna', settings);
    const goal = (await replicas.lastSeq()) + 50;
    await replicas.until(async () => (await replicas.offset('c')).seq >= goal, 'some events');
    await anna.stop();
  }
  await replicas.start('anna', { ...settings, writers: 0 });
  const acknowledged = [...replicas.written.values()];
  // Every transaction was let end.
  expect(acknowledged).not.toContain(false);
  await replicas.until(
    async () => (await replicas.lastSeq()) === acknowledged.length,
    'all to be numbered',
  );
  const all = range(1, acknowledged.length);
  for (const name of ['a', 'b', 'c']) {
    await idle(name);
    expect((await replicas.effects(name)).sort((a, b) => a - b)).toEqual(all);
  }
}, 120_000);
