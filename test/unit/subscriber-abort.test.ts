import { afterEach, describe, expect, test } from '@jest/globals';
import type { EventxSubscriber } from 'nestjs-eventx';
import type { InMemoryEvent } from 'nestjs-eventx/testing';
import { map, type Observable } from 'rxjs';

import { RunnerBench } from '../support/runner.js';
import { range, seqsOf } from '../support/stored-events.js';

/** Promise jobs between an event that arrives and whoever takes it, and then some. */
const MOMENTS = range(0, 40);

describe('G4 no skip: whatever the moment at which it is left', () => {
  let bench: RunnerBench;
  afterEach(() => bench.stop());

  /** Lets three events arrive, and runs `act` so many promise jobs after they were numbered. */
  async function arrive(moment: number, act: () => void): Promise<void> {
    bench.table.insert(1, 2, 3);
    let acted!: () => void;
    const done = new Promise<void>((resolve) => (acted = resolve));
    bench.storage.inject('sequence', async (call) => {
      const result = await call();
      void (async () => {
        for (let jobs = 0; jobs < moment; jobs++) await Promise.resolve();
        act();
        acted();
      })();
      return result;
    });
    bench.runner.signal();
    await bench.reached(3);
    await done;
  }

  test.each(['memory', 'the table'])(
    'a fetch from %s either gives its batch or leaves the position',
    async (source) => {
      for (const moment of MOMENTS) {
        bench = new RunnerBench({ initialWindow: 0, windowSize: source === 'memory' ? 10 : 1 });
        await bench.started();
        const subscriber = bench.runner.subscriber({ from: 1, fetchLimit: 2 });
        const abort = new AbortController();
        const fetching = subscriber.fetch(abort.signal).catch(() => []);
        await arrive(moment, () => abort.abort());
        const seen = seqsOf(await fetching);
        while (seen.length < 3) seen.push(...seqsOf(await subscriber.fetch()));
        expect(seen).toEqual([1, 2, 3]);
        await bench.stop();
      }
    },
  );

  test.each<[string, (subscriber: EventxSubscriber<InMemoryEvent>) => Observable<InMemoryEvent[]>]>(
    [
      ['events$', (subscriber) => subscriber.events$().pipe(map((event) => [event]))],
      ['batches$', (subscriber) => subscriber.batches$()],
    ],
  )('%s leaves the position behind what it emitted', async (_, streamOf) => {
    for (const moment of MOMENTS) {
      bench = new RunnerBench({ initialWindow: 0 });
      await bench.started();
      const subscriber = bench.runner.subscriber({ from: 1, fetchLimit: 2 });
      const seen: number[] = [];
      const subscription = streamOf(subscriber).subscribe((events) => {
        seen.push(...seqsOf(events));
      });
      await arrive(moment, () => subscription.unsubscribe());
      expect(seen).toEqual(range(1, seen.length));
      expect(subscriber.nextSeq).toBe(seen.length + 1);
      await bench.stop();
    }
  });

  test('a stream that is left leaves the subscriber free for the next, at once', async () => {
    for (const moment of MOMENTS) {
      bench = new RunnerBench({ initialWindow: 0 });
      await bench.started();
      const subscriber = bench.runner.subscriber({ from: 1, fetchLimit: 2 });
      const seen: number[] = [];
      const subscribe = () => subscriber.events$().subscribe(({ seq }) => seen.push(seq));
      let subscription = subscribe();
      await arrive(moment, () => {
        subscription.unsubscribe();
        subscription = subscribe();
      });
      await bench.idle();
      await new Promise((resolve) => setImmediate(resolve));
      expect(seen).toEqual([1, 2, 3]);
      subscription.unsubscribe();
      await bench.stop();
    }
  });

  test('a fetch that follows an aborted one at once gives what that one did not', async () => {
    for (const moment of MOMENTS) {
      bench = new RunnerBench({ initialWindow: 0 });
      await bench.started();
      const subscriber = bench.runner.subscriber({ from: 1, fetchLimit: 2 });
      const abort = new AbortController();
      const first = subscriber.fetch(abort.signal).catch(() => []);
      let second!: Promise<InMemoryEvent[]>;
      await arrive(moment, () => {
        abort.abort();
        second = subscriber.fetch();
      });
      const seen = [...seqsOf(await first), ...seqsOf(await second)];
      expect([
        [1, 2],
        [1, 2, 3],
      ]).toContainEqual(seen);
      expect(subscriber.nextSeq).toBe(seen.length + 1);
      await bench.stop();
    }
  });
});
