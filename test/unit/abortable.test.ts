import { getMaxListeners } from 'node:events';

import { describe, expect, test } from '@jest/globals';

import { abortable, unlimited } from '../../lib/util/abortable.js';

describe('work that may be given up', () => {
  test('gives its result or its error, with and without a signal', async () => {
    const { signal } = new AbortController();
    const failure = new Error('gone');
    for (const optional of [signal, undefined]) {
      await expect(abortable(Promise.resolve(5), optional)).resolves.toBe(5);
      await expect(abortable(Promise.reject(failure), optional)).rejects.toBe(failure);
    }
  });

  test('rejects with the reason of the abort, before or during the work', async () => {
    const abort = new AbortController();
    const reason = new Error('enough');
    const work = abortable(new Promise(() => undefined), abort.signal);
    abort.abort(reason);
    await expect(work).rejects.toBe(reason);
    await expect(abortable(new Promise(() => undefined), abort.signal)).rejects.toBe(reason);
  });

  test('may fail later without anybody to hear of it', async () => {
    let fail!: (error: Error) => void;
    const abort = new AbortController();
    const given = abortable(new Promise((_, reject) => (fail = reject)), abort.signal);
    abort.abort();
    await expect(given).rejects.toBe(abort.signal.reason);
    // Jest fails the test when a rejection is not handled.
    fail(new Error('too late'));
    await new Promise((resolve) => setImmediate(resolve));
  });
});

test('a signal that many workers listen to does not look like a leak to Node', () => {
  const { signal } = new AbortController();
  expect(getMaxListeners(signal)).toBe(10);
  expect(getMaxListeners(unlimited(signal))).toBe(Infinity);
});
