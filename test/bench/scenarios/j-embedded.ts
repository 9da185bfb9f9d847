import libsql from 'libsql';

import type { Figure } from '../figures.js';
import { interleave, perSecond } from '../interleave.js';
import { type BenchApp, startApp } from '../lab/app.js';
import { createEmbedded, type EmbeddedDatabase } from '../lab/database.js';
import { drainEmbeddedFloor } from '../lab/embedded-floor.js';
import type { Lab } from '../lab/lab.js';
import { payload } from '../lab/payload.js';
import { receive } from '../lab/subscribe.js';
import type { Scenario } from '../scenario.js';
import { measureLive } from './live.js';

/** The same on the embedded database. */
export const embedded: Scenario = {
  letter: 'j',
  title: 'Embedded database (SQLite)',
  async measure(lab) {
    const ours = await createEmbedded();
    const bare = await createEmbedded();
    const app = await startApp(ours);
    const without = await startApp(bare, { run: false });
    const figures = [await drain(lab, app, ours, bare), ...(await live(lab, app, without))];
    await app.close();
    await without.close();
    ours.remove();
    bare.remove();
    return figures;
  },
};

async function drain(
  lab: Lab,
  app: BenchApp,
  ours: EmbeddedDatabase,
  bare: EmbeddedDatabase,
): Promise<Figure> {
  const count = lab.sizes.embedded;
  let last = 0;
  const samples = await interleave(lab.rounds, {
    floor: () => {
      addBacklog(bare.file, count);
      return perSecond(() => Promise.resolve(drainEmbeddedFloor(bare.file, 1024)));
    },
    eventx: async () => {
      addBacklog(ours.file, count);
      app.eventx.signal();
      const from = last + 1;
      last += count;
      return perSecond(() => receive(app, count, { from }));
    },
  });
  return {
    scenario: 'j',
    name: `drain ${count.toLocaleString('en')} events, 200 B`,
    unit: 'events/s',
    samples: samples.eventx,
    reference: { name: 'floor', samples: samples.floor },
  };
}

async function live(lab: Lab, app: BenchApp, without: BenchApp): Promise<Figure[]> {
  const { live: samples, alone } = await measureLive(
    app,
    lab.rounds,
    (writers) => writers.flatOut(4, lab.sizes.liveMs),
    { without },
  );
  return [
    {
      scenario: 'j',
      name: '4 writers flat out',
      unit: 'commits/s',
      samples: samples.rate,
      reference: { name: 'without eventx', samples: alone },
    },
    {
      scenario: 'j',
      name: '4 writers flat out: commit → delivery, p99',
      unit: 'ms',
      samples: samples.p99,
    },
  ];
}

function addBacklog(file: string, count: number): void {
  const database = new libsql(file);
  database
    .prepare(
      `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
       INSERT INTO eventx_events (type, "key", headers, uuid, data)
       SELECT 'order.placed', n, NULL, printf('0198c0de-0000-7000-8000-%012x', n), ? FROM numbers`,
    )
    .run(count, Buffer.from(JSON.stringify(payload(200))));
  database.close();
}
