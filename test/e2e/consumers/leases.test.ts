import { describe, expect, test } from '@jest/globals';
import type { ConsumerContext, EventxEvent } from 'nestjs-eventx';
import type { EntityManager } from 'typeorm';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { type ConsumerApp, startConsumerApp } from '../../support/consumers/app.js';
import { Effects } from '../../support/consumers/effects.js';
import { Gate } from '../../support/consumers/gate.js';
import { managerOf } from '../../support/consumers/manager-of.js';
import { DATABASES, emptyDatabase } from '../../support/data-sources.js';
import { range } from '../../support/stored-events.js';

type Context = ConsumerContext<EntityManager>;

describe.each(DATABASES)('G5 consumers: two instances on %s', (database) => {
  const undo = cleanUpAfterEach();
  const start = async () => {
    const { options, remove } = await emptyDatabase(database);
    undo(remove);
    return async (consumers: object) => {
      const app = await startConsumerApp(options, { options: { consumers, pollInterval: 50 } });
      undo(() => app.close());
      return app;
    };
  };
  const collect = (app: ConsumerApp) => {
    const seen: number[] = [];
    app.consume({ name: 'c', handle: ({ seq }) => void seen.push(seq) });
    return seen;
  };

  test('one has the consumer; it gives it free when it shuts down, at once', async () => {
    const open = await start();
    // Far longer than the test: nobody can wait for it to run out.
    const one = await open({ lease: 3_600_000 });
    const first = collect(one);
    await one.fill(3);
    const { owner } = await one.finished('c');
    const other = await open({ lease: 3_600_000 });
    const second = collect(other);
    expect((await other.consumers.get('c')).owner).toBe(owner);
    await one.close();
    expect((await other.consumers.get('c')).owner).not.toBe(owner);
    // Any operation makes this process look.
    await other.consumers.resume('c');
    await other.fill(2);
    await other.passed('c', 5);
    expect([first, second]).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
  });

  test('a lease that was lost: the offset does not move any more, whatever the handler does', async () => {
    const open = await start();
    const app = await open({ lease: 3_600_000 });
    const effects = await Effects.in(app.dataSource);
    const gate = new Gate();
    const steal =
      "UPDATE eventx_offsets SET epoch = epoch + 1, owner = 'thief', lease_until = 99999999999999";
    for (const [name, options] of Object.entries({
      plain: {},
      lanes: { concurrency: 2 },
      batch: { batch: true },
      together: { transactional: true },
    })) {
      app.consume({
        name,
        ...options,
        handle: async (events: EventxEvent | readonly EventxEvent[], context: Context) => {
          const manager = managerOf(context);
          for (const { seq } of [events].flat()) await effects.add(name, seq, manager);
          if (manager) await manager.query(`${steal} WHERE consumer = 'together'`);
          else await gate.pass();
        },
      });
    }
    await app.fill(2);
    // Two of the lanes, one of each of the others.
    await gate.arrived(4);
    await app.dataSource.query(`${steal} WHERE consumer <> 'together'`);
    gate.open();
    // As handlers see it, all went well; they are just not heard.
    await app.fill(1);
    await app.close();
    const check = await open({ lease: 400 });
    const infos = await check.consumers.list();
    expect(
      infos.filter(({ name }) => name !== 'together').map(({ offset: seq, owner }) => [seq, owner]),
    ).toEqual(Array(3).fill([0, 'thief']));
    // The theft itself was part of the transaction, and was rolled back with it.
    expect(infos.find(({ name }) => name === 'together')).toMatchObject({ offset: 0, owner: null });
    const kept = Effects.of(check.dataSource);
    expect(await kept.seqs('together')).toEqual([]);
  });

  test('every event is handled once while instances come and go in good order', async () => {
    const open = await start();
    let app = await open({ lease: 400 });
    const all: number[][] = [collect(app)];
    for (let round = 0; round < 4; round++) {
      await app.fill(5);
      const next = await open({ lease: 400 });
      all.push(collect(next));
      await app.close();
      app = next;
    }
    await app.finished('c');
    expect(all.flat()).toEqual(range(1, 20));
  });
});
