import { describe, expect, test } from '@jest/globals';
import { type EventInput, EventxPublishError } from 'nestjs-eventx';

import { cleanUpAfterEach } from '../support/clean-up.js';
import { startConsumerAppOn } from '../support/consumers/app.js';
import { DATABASES } from '../support/data-sources.js';
import { HOSTILE_TEXTS, IMPOSSIBLE_NAMES } from '../support/hostile.js';
import { range, seqsOf } from '../support/stored-events.js';

const EVENTS: readonly EventInput[] = HOSTILE_TEXTS.map((text) => ({
  type: text,
  key: text,
  headers: { [text]: text },
  data: { [text]: text },
}));
const ALL = range(1, EVENTS.length);

describe.each(DATABASES)('hostile types, keys and headers of events on %s', (database) => {
  const undo = cleanUpAfterEach();
  const start = async () => {
    const app = await startConsumerAppOn(database, { options: { windowSize: 1 } });
    undo(() => app.close());
    return app;
  };

  test('arrive as they were published, by consumers, from memory and from the table', async () => {
    const app = await start();
    const seen = new Map<string, unknown[]>();
    for (const [name, options] of Object.entries({
      plain: {},
      transactional: { transactional: true },
      lanes: { concurrency: 4 },
    })) {
      seen.set(name, []);
      app.consume({
        name,
        ...options,
        handle: ({ seq, type, key, headers, data }) =>
          void seen.get(name)!.push([seq, { type, key, headers, data }]),
      });
    }
    await app.write(...EVENTS);
    for (const [name, events] of seen) {
      await app.finished(name);
      expect(new Map(events as [number, unknown][])).toEqual(
        new Map(EVENTS.map((event, index) => [index + 1, event])),
      );
    }
    expect(seqsOf(await app.eventx.read(1))).toEqual(ALL);
  });

  test('are refused where they could not arrive as they are, but not in headers and data', async () => {
    const app = await start();
    for (const text of IMPOSSIBLE_NAMES) {
      for (const event of [{ type: text }, { type: 't', key: text }]) {
        await expect(app.write(event)).rejects.toThrow(EventxPublishError);
      }
      await app.write({ type: 't', headers: { [text]: text }, data: { [text]: text } });
    }
    await app.reached(IMPOSSIBLE_NAMES.length);
    const events = await app.eventx.read(1);
    expect(events.map(({ headers }) => headers)).toEqual(
      IMPOSSIBLE_NAMES.map((text) => ({ [text]: text })),
    );
    expect(events.map(({ data }) => data)).toEqual(events.map(({ headers }) => headers));
  });

  test('are given to the handler of exactly that type', async () => {
    const app = await start();
    const seen = new Map<string, number[]>();
    app.consume({
      name: 'c',
      // As a type of a handler, * means all of them.
      handlers: HOSTILE_TEXTS.filter((type) => type !== '*').map((type) => ({
        types: type,
        handle: ({ seq }) => void seen.set(type, [...(seen.get(type) ?? []), seq]),
      })),
    });
    await app.write(...EVENTS);
    await app.finished('c');
    for (const [index, type] of HOSTILE_TEXTS.entries()) {
      expect([type, seen.get(type)]).toEqual([type, type === '*' ? undefined : [index + 1]]);
    }
  });

  test('are found in the dead letters by exactly that type and key, and replayed and discarded so', async () => {
    const app = await start();
    let fails = true;
    const seen: number[] = [];
    app.consume({
      name: 'c',
      afterRetries: 'park',
      retry: { attempts: 1 },
      handle: ({ seq }) => {
        if (fails) throw new Error('no');
        seen.push(seq);
      },
    });
    await app.write(...EVENTS);
    await app.finished('c');
    for (const [index, text] of HOSTILE_TEXTS.entries()) {
      const found = [
        await app.letters.list({ type: text }),
        await app.letters.list({ consumer: 'c', key: text }),
      ];
      expect([text, ...found.map(seqsOf)]).toEqual([text, [index + 1], [index + 1]]);
      expect(found[0]![0]!.event).toMatchObject(EVENTS[index]!);
    }
    fails = false;
    const half = Math.floor(EVENTS.length / 2);
    for (const text of HOSTILE_TEXTS.slice(0, half)) {
      expect(await app.letters.replay({ consumer: 'c', key: text })).toMatchObject({ replayed: 1 });
    }
    expect(seen).toEqual(range(1, half));
    for (const text of HOSTILE_TEXTS.slice(half)) {
      expect(await app.letters.discard({ consumer: 'c', type: text })).toBe(1);
    }
    expect(await app.letters.list()).toEqual([]);
  });

  test('with park-key each key is blocked by itself, also after a restart', async () => {
    const app = await start();
    const parked = ['stock', 'stock ', '__proto__', "x' OR '1' = '1"];
    const handled: (string | null)[] = [];
    const consume = () =>
      app.consume({
        name: 'c',
        afterRetries: 'park-key',
        retry: { attempts: 1 },
        handle: ({ type, key }) => {
          if (type === 'bad') throw new Error('no');
          handled.push(key);
        },
      });
    const consumer = consume();
    await app.write(...parked.map((key) => ({ type: 'bad', key })));
    await app.finished('c');
    await consumer.close();
    consume();
    await app.write(...HOSTILE_TEXTS.map((key) => ({ type: 'good', key })));
    await app.finished('c');
    expect(handled).toEqual(HOSTILE_TEXTS.filter((key) => !parked.includes(key)));
    const letters = await app.letters.list();
    expect(letters.map(({ key, reason }) => [key, reason]).slice(parked.length)).toEqual(
      HOSTILE_TEXTS.filter((key) => parked.includes(key)).map((key) => [key, 'blocked']),
    );
  });
});
