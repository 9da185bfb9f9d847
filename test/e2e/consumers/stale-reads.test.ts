import { describe, expect, test } from '@jest/globals';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { startConsumerApp } from '../../support/consumers/app.js';
import { connect, emptyDatabase } from '../../support/data-sources.js';
import { NestRecording } from '../../support/recording-nest.js';
import { stopReplica } from '../../support/stale-reads.js';
import { range } from '../../support/stored-events.js';
import { until } from '../../support/until.js';
import { openDatabaseLog } from '../../support/database-log.js';

const LONG = 3_600_000;
const NEVER = new AbortController().signal;
const at = (seq: number) => ({ offset: seq, uuid: null });

describe('G5 consumers: plain reads that are out of date', () => {
  const undo = cleanUpAfterEach();
  const empty = async () => {
    const { options, remove } = await emptyDatabase('mariadb');
    undo(remove);
    return options;
  };

  test('a lease, who holds it, and what was done ahead, are what they are', async () => {
    const options = await empty();
    const dataSource = await connect(options);
    undo(() => dataSource.destroy());
    const log = await openDatabaseLog(dataSource);
    undo(() => log.close());
    const { consumers: store } = log;
    await store.register('c', at(5));
    const old = (await store.acquire('c', 'one', LONG))!;
    undo(await stopReplica(options));

    await store.commit(old, at(6));
    const again = (await store.acquire('c', 'one', 0))!;
    expect(again).toMatchObject({ fencingToken: old.fencingToken + 1, offset: 6 });
    await store.atomically((unit) => unit.markHandled(again, 9), NEVER);
    const next = await store.acquire('c', 'two', LONG);
    expect(next).toMatchObject({ owner: 'two', fencingToken: old.fencingToken + 2, offset: 6 });
    expect(await store.holder('c')).toEqual({ owner: 'two', fencingToken: old.fencingToken + 2 });
    expect(await store.handledAhead(next!)).toEqual([9]);
    expect((await store.records(['c']))[0]).toMatchObject({ lastOwner: 'one', offset: 5 });
  });

  test('every event is handled once, no lease is lost, and it is warned of', async () => {
    const options = await empty();
    const app = await startConsumerApp(options, { options: { consumers: { lease: 60_000 } } });
    undo(() => app.close());
    const recording = new NestRecording();
    undo(recording.start());
    await app.fill(20);
    undo(await stopReplica(options));
    const seen: number[] = [];
    app.consume({ name: 'c', handle: ({ seq }) => void seen.push(seq) });
    await until(() => seen.length >= 20, { what: 'the first to be handled' });
    // Each look finds that there is no such consumer.
    for (let looks = 0; looks < 20; looks++) {
      await app.consumers.resume('c').catch(() => undefined);
      app.eventx.signal();
    }
    await until(() => /out of date/.test(recording.text), { what: 'a warning' });
    await app.fill(20);
    await until(() => seen.length >= 40, { what: 'all to be handled' });
    expect(seen).toEqual(range(1, 40));
    expect(recording.lines.filter((line) => /out of date/.test(line))).toHaveLength(1);
    expect(recording.text).not.toMatch(/was lost/);
  });
});
