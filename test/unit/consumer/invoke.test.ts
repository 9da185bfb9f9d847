import { getEventListeners } from 'node:events';

import { describe, expect, test } from '@jest/globals';
import { NEVER, Observable, of } from 'rxjs';

import { type HandlerCall, invoke } from '../../../lib/consumer/delivery/invoke.js';
import { HandlerTimeoutError } from '../../../lib/errors.js';

const FOR_EVER = () => new Promise<never>(() => undefined);
const bounds = (timeout = 0) => {
  const controller = new AbortController();
  return { controller, timeout, abort: controller.signal };
};

describe('a call of a handler', () => {
  test.each([
    ['a value', () => 1],
    ['nothing', () => undefined],
    ['a promise', () => Promise.resolve()],
    ['an Observable', () => of(1, 2)],
    ['a promise of one', () => Promise.resolve(of(1))],
  ])('that answers with %s is done, and leaves nothing behind', async (_what, call) => {
    const { abort, timeout } = bounds(3_600_000);
    await invoke(call, { abort, timeout });
    expect(getEventListeners(abort, 'abort')).toEqual([]);
  });

  test('waits for an Observable to complete', async () => {
    const order: string[] = [];
    const slow = new Observable((observer) => {
      setImmediate(() => (order.push('completes'), observer.complete()));
    });
    await invoke(() => slow, bounds());
    order.push('done');
    expect(order).toEqual(['completes', 'done']);
  });

  test.each([
    ['a promise', FOR_EVER],
    ['an Observable', () => NEVER],
  ])(
    'that outlives its time limit (%s) is not waited for; its signal says why',
    async (_what, answer) => {
      let signal!: AbortSignal;
      const { abort } = bounds();
      const call = invoke((given) => ((signal = given.signal), answer()), { abort, timeout: 1 });
      await expect(call).rejects.toThrow(HandlerTimeoutError);
      expect(signal.reason).toBeInstanceOf(HandlerTimeoutError);
      expect(getEventListeners(abort, 'abort')).toEqual([]);
    },
  );

  test.each([
    ['a promise', FOR_EVER],
    ['an Observable', () => NEVER],
  ])('that is broken off (%s) rejects with the reason', async (_what, answer) => {
    const { controller, abort, timeout } = bounds();
    const reason = new Error('lost');
    let signal!: AbortSignal;
    const call = invoke((given) => ((signal = given.signal), answer()), { abort, timeout });
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    expect(signal.reason).toBe(reason);
  });

  test('that nobody waits for any more has an aborted signal, also for who asks late', async () => {
    const { controller, abort, timeout } = bounds();
    const reason = new Error('lost');
    let given!: HandlerCall;
    const call = invoke((handed) => ((given = handed), FOR_EVER()), { abort, timeout });
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    expect(given.signal.reason).toBe(reason);
  });

  test.each([
    ['a value', () => 1],
    ['a promise', FOR_EVER],
  ])('that ends the run itself, answering with %s, rejects', async (_what, answer) => {
    const { controller, abort, timeout } = bounds();
    const reason = new Error('lost');
    const call = invoke(() => (controller.abort(reason), answer()), { abort, timeout });
    await expect(call).rejects.toBe(reason);
    expect(getEventListeners(abort, 'abort')).toEqual([]);
  });

  test('is not begun when it is too late', async () => {
    const reason = new Error('too late');
    let called = false;
    const call = invoke(() => (called = true), { abort: AbortSignal.abort(reason), timeout: 0 });
    await expect(call).rejects.toBe(reason);
    expect(called).toBe(false);
  });

  test('that fails late is no unhandled rejection', async () => {
    const late: (() => void)[] = [];
    const call = invoke(
      () => new Promise((_, reject) => late.push(() => reject(new Error('late')))),
      {
        ...bounds(1),
      },
    );
    await expect(call).rejects.toThrow(HandlerTimeoutError);
    late.forEach((fail) => fail());
    await new Promise(setImmediate);
  });

  test('an Observable is unsubscribed when its time is over', async () => {
    let subscribed = false;
    const source = new Observable(() => {
      subscribed = true;
      return () => (subscribed = false);
    });
    await expect(invoke(() => source, bounds(1))).rejects.toThrow(HandlerTimeoutError);
    expect(subscribed).toBe(false);
  });
});
