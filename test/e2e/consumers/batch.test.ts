import { describe, expect, test } from '@jest/globals';
import type { EventxEvent } from 'nestjs-eventx';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { startConsumerAppOn } from '../../support/consumers/app.js';
import { DATABASES } from '../../support/data-sources.js';
import { range, seqsOf } from '../../support/stored-events.js';

describe.each(DATABASES)('G5 consumers: handlers of batches on %s', (database) => {
  const undo = cleanUpAfterEach();
  const start = async () => {
    const app = await startConsumerAppOn(database);
    undo(() => app.close());
    return app;
  };

  test('get arrays, in order, no longer than the limit', async () => {
    const app = await start();
    await app.fill(25);
    const batches: number[][] = [];
    app.consume({
      name: 'c',
      batch: true,
      fetchLimit: 10,
      handle: (events: readonly EventxEvent[]) => void batches.push(seqsOf(events)),
    });
    await app.finished('c');
    expect(batches.flat()).toEqual(range(1, 25));
    expect(batches.map(({ length }) => length)).toEqual([10, 10, 5]);
  });

  test('get no more bytes than the limit, but at least one event', async () => {
    const app = await start();
    const large = (bytes: number) => ({ type: 'l', data: 'x'.repeat(bytes) });
    await app.write(large(10), large(10), large(5000), large(10), large(1500), large(10));
    await app.reached(6);
    const batches: number[][] = [];
    app.consume({
      name: 'c',
      batch: true,
      sizeLimit: 1000,
      handle: (events: readonly EventxEvent[]) => void batches.push(seqsOf(events)),
    });
    await app.finished('c');
    expect(batches).toEqual([[1, 2], [3], [4], [5], [6]]);
  });

  test('each get their own types of it', async () => {
    const app = await start();
    await app.write('a', 'b', 'a', 'c', 'b');
    await app.reached(5);
    const calls: string[] = [];
    const taker = (types: string) => ({
      types,
      handle: (events: readonly EventxEvent[]) =>
        void calls.push(`${types}: ${seqsOf(events).join()}`),
    });
    app.consume({ name: 'c', batch: true, handlers: ['a', 'b', 'z', '*'].map(taker) });
    await app.finished('c');
    expect(calls).toEqual(['a: 1,3', 'b: 2,5', '*: 1,2,3,4,5']);
  });
});
