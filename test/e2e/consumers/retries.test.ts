import { describe, expect, test } from '@jest/globals';
import { NonRetryableError } from 'nestjs-eventx';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { AT_ONCE, startConsumerAppOn } from '../../support/consumers/app.js';
import { Attempts } from '../../support/consumers/attempts.js';
import { DATABASES } from '../../support/data-sources.js';
import { until } from '../../support/until.js';

describe.each(DATABASES)('G10 nothing dropped: how often an event is tried on %s', (database) => {
  const undo = cleanUpAfterEach();
  const start = async () => {
    const app = await startConsumerAppOn(database);
    undo(() => app.close());
    return app;
  };

  test('for ever, in order, by default; the last error is seen meanwhile, and gone afterwards', async () => {
    const app = await start();
    const attempts = new Attempts().fail(2);
    app.consume({ name: 'c', handle: ({ seq }) => attempts.call(seq) });
    await app.fill(3);
    await until(() => attempts.count(2) >= 30, { what: 'many attempts' });
    expect(await app.consumers.get('c')).toMatchObject({
      state: 'running',
      offset: 1,
      lag: 2,
      lastError: expect.stringMatching(
        /^Consumer "c": handler 1 of c, seq 2 \(id 2, type "n"\), attempt \d+ failed \(next in \d ms\): no luck with 2$/,
      ),
    });
    expect(attempts.count(3)).toBe(0);

    attempts.mend();
    await app.finished('c');
    await until(async () => (await app.consumers.get('c')).lastError === null, {
      what: 'the error to be forgotten',
    });
    expect(attempts.calls.filter((seq) => seq !== 2)).toEqual([1, 3]);
  });

  test.each(['plain', 'transactional', 'lanes', 'batch'])(
    'as often as its options say, then it is parked with its history (%s)',
    async (mode) => {
      const app = await start();
      const attempts = new Attempts().fail(2);
      app.consume({
        name: 'c',
        transactional: mode === 'transactional',
        concurrency: mode === 'lanes' ? 3 : 1,
        retry: { attempts: 25 },
        afterRetries: 'park',
        ...(mode === 'batch'
          ? { batch: true, handle: (events) => events.forEach(({ seq }) => attempts.call(seq)) }
          : { handle: ({ seq }) => attempts.call(seq) }),
      });
      await app.fill(3);
      await app.finished('c');
      const [letter, ...others] = await app.letters.list();
      expect(others).toEqual([]);
      expect(letter).toMatchObject({ seq: 2, attempts: 25, reason: 'failed' });
      // A batch that fails is the attempt of none.
      expect(attempts.count(2)).toBe(mode === 'batch' ? 26 : 25);
      expect(letter!.failures).toHaveLength(20);
      expect(new Set(letter!.failures.map(({ error }) => error))).toEqual(
        new Set(['no luck with 2']),
      );
    },
  );

  test.each([1, 3])(
    'once, when the error says that it is hopeless, with %d at a time',
    async (concurrency) => {
      const app = await start();
      const attempts = new Attempts();
      app.consume({
        name: 'c',
        concurrency,
        afterRetries: 'park',
        retry: { attempts: Infinity, retryIf: (error) => !(error instanceof RangeError) },
        handle: ({ seq }) => {
          attempts.call(seq);
          if (seq === 2) throw new NonRetryableError('no such customer');
          if (seq === 4) throw new RangeError('too far');
        },
      });
      await app.fill(5);
      await app.finished('c');
      expect(attempts.calls.sort()).toEqual([1, 2, 3, 4, 5]);
      const letters = await app.letters.list();
      expect(letters.map(({ seq, failures }) => [seq, failures[0]!.error])).toEqual([
        [2, 'EVENTX_NON_RETRYABLE: no such customer'],
        [4, 'too far'],
      ]);
    },
  );

  test('with lanes, one that halts does not wait for one that retries for ever', async () => {
    const app = await start();
    app.consume({
      name: 'c',
      concurrency: 2,
      retry: { backoff: { initial: 60_000, max: 60_000 } },
      handle: ({ seq }) => {
        if (seq === 1) throw new Error('again and again');
        if (seq === 4) throw new NonRetryableError('never');
      },
    });
    await app.fill(4);
    const { lastError } = await app.became('c', 'halted');
    expect(lastError).toMatch(/halted at seq 4/);
  });

  test('waits between the attempts are the options’', async () => {
    const app = await start();
    const attempts = new Attempts().fail(1);
    app.consume({
      name: 'patient',
      retry: { backoff: { initial: 3_600_000, max: 3_600_000 } },
      handle: ({ seq }) => attempts.call(seq),
    });
    app.consume({
      name: 'eager',
      retry: { attempts: 5, backoff: AT_ONCE },
      handle: () => {
        throw new Error('x');
      },
    });
    await app.fill(1);
    await until(() => attempts.calls.length > 0, { what: 'the first attempt of the patient one' });
    await app.became('eager', 'halted');
    expect(attempts.calls).toEqual([1]);
  });
});
