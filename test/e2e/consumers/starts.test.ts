import { describe, expect, test } from '@jest/globals';
import type { StartFrom } from 'nestjs-eventx';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { type ConsumerApp, startConsumerApp } from '../../support/consumers/app.js';
import { DATABASES, emptyDatabase } from '../../support/data-sources.js';
import { range } from '../../support/stored-events.js';
import { until } from '../../support/until.js';

describe.each(DATABASES)('G5 consumers: where a new one begins on %s', (database) => {
  const undo = cleanUpAfterEach();
  const start = async () => {
    const { options, remove } = await emptyDatabase(database);
    undo(remove);
    const open = async () => {
      const app = await startConsumerApp(options);
      undo(() => app.close());
      return app;
    };
    return { app: await open(), open };
  };
  const collect = (app: ConsumerApp, name: string, startFrom?: StartFrom) => {
    const seen: number[] = [];
    app.consume({ name, startFrom, handle: ({ seq }) => void seen.push(seq) });
    return seen;
  };

  test('the latest, the oldest, a number or a time', async () => {
    const { app } = await start();
    await app.fill(3);
    // The database's clock is in ms, and the next events must be later.
    const { createdAt } = (await app.eventx.subscriber({ from: 3 }).fetch())[0]!;
    await until(() => Date.now() > createdAt.getTime() + 2, { what: 'the next millisecond' });
    const noon = new Date(createdAt.getTime() + 2);
    await app.fill(3);

    const seen: Record<string, number[]> = {
      latest: collect(app, 'latest', 'latest'),
      default: [],
      earliest: collect(app, 'earliest', 'earliest'),
      number: collect(app, 'number', 2),
      next: collect(app, 'next', 7),
      time: collect(app, 'time', noon),
      future: collect(app, 'future', new Date(Date.now() + 1e9)),
    };
    app.eventx.consumer({ name: 'default', handle: ({ seq }) => void seen['default']!.push(seq) });
    const names = Object.keys(seen);
    for (const name of names) await app.became(name, 'running');
    await app.fill(2);
    for (const name of names) await app.finished(name);

    expect(seen).toEqual({
      latest: [7, 8],
      default: [7, 8],
      earliest: range(1, 8),
      number: range(2, 8),
      next: [7, 8],
      time: range(4, 8),
      future: [7, 8],
    });
  });

  test('it is looked up and stored once: later starts go on, whatever they say', async () => {
    const { app, open } = await start();
    await app.fill(2);
    collect(app, 'c', 'latest');
    // Nothing was handled yet, and still it has its place.
    expect((await app.became('c', 'running')).offset).toBe(2);
    await app.close();

    const again = await open();
    await again.fill(2);
    const seen = collect(again, 'c', 'earliest');
    await again.finished('c');
    expect(seen).toEqual([3, 4]);
  });

  test('a number ahead of the log is refused until the log has come that far', async () => {
    const { app } = await start();
    await app.fill(2);
    const seen = collect(app, 'ahead', 5);
    collect(app, 'behind', 'earliest');
    await app.finished('behind');
    expect((await app.consumers.list()).map(({ name }) => name)).toEqual(['behind']);
    await app.fill(3);
    await until(async () => (await app.consumers.list()).length === 2, { what: 'it to begin' });
    await app.finished('ahead');
    expect(seen).toEqual([5]);
  });
});
