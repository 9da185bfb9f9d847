import { setTimeout as delay } from 'node:timers/promises';

import { describe, expect, test } from '@jest/globals';

import { cleanUpAfterEach } from '../../support/clean-up.js';
import { startConsumerApp } from '../../support/consumers/app.js';
import { Effects } from '../../support/consumers/effects.js';
import { WorkerProcess } from '../../support/consumers/worker-process.js';
import { startWorker, WINDOW, WORKER_CONSUMERS } from '../../support/consumers/worker.js';
import { DATABASES, emptyDatabase } from '../../support/data-sources.js';
import { range } from '../../support/stored-events.js';

/** How often a process is killed, on each database. */
const KILLS = Number(process.env['EVENTX_KILLS'] ?? 12);
const KEYS = 7;

describe.each(DATABASES)(
  'G5 consumers: a process that is killed at any point, over and over, on %s',
  (database) => {
    const undo = cleanUpAfterEach();

    test(
      `transactional: exactly once, in effect; otherwise at least once, and in order (${KILLS} kills)`,
      async () => {
        const { options, remove } = await emptyDatabase(database);
        undo(remove);
        const app = await startConsumerApp(options, { options: { run: false } });
        undo(() => app.close());
        const effects = await Effects.in(app.dataSource);
        let next = 0;
        const publish = async () => {
          for (let count = 0; count < 5; count++) {
            const events = range(1, 8).map(() => ({ type: 'n', key: `${next++ % KEYS}` }));
            await app.dataSource.transaction((manager) => app.eventx.publish(manager, events));
          }
        };

        for (let kill = 1; kill <= KILLS; kill++) {
          await publish();
          const worker = await WorkerProcess.start({ database: options, run: `run ${kill}` });
          undo(() => worker.kill());
          if (kill % 3 > 0) await worker.effects(1);
          // Not a wait for something to happen: the point in time is the point.
          await delay(Math.random() * 150);
          await worker.kill();
        }
        await publish();
        // Nobody takes anything from this one, however busy the machine is.
        const last = await startWorker({
          database: options,
          run: 'last run',
          slowness: 0,
          lease: 10_000,
        });
        undo(() => last.close());
        await last.finished('once');
        for (const name of Object.keys(WORKER_CONSUMERS)) await last.finished(name);

        const [first] = await last.eventx.subscriber({ from: 1 }).fetch();
        expect(first!.seq).toBe(1);
        const log = await app.dataSource.query<
          { seq: unknown; type: string; key: string; data: Uint8Array }[]
        >('SELECT seq, type, `key`, data FROM eventx_events ORDER BY seq');
        const all = range(1, log.length);
        expect(log.map(({ seq }) => Number(seq))).toEqual(all);
        const keyOf = (seq: number) => log[seq - 1]!.key;
        const ofType = (type: string) => log.filter((event) => event.type === type);
        const given = ofType('n').map(({ seq }) => Number(seq));
        expect(given).toHaveLength((KILLS + 1) * 40);

        // Exactly once: effects, and what was published.
        expect(await effects.seqs('once')).toEqual(given);
        const echoes = ofType('echo of n').map(({ data }) => Number(Buffer.from(data).toString()));
        expect(echoes).toEqual(given);
        const lanes = await effects.seqs('lanes');
        expect([...lanes].sort((a, b) => a - b)).toEqual(all);
        for (const key of range(0, KEYS - 1).map(String)) {
          const seqs = lanes.filter((seq) => keyOf(seq) === key);
          expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
        }

        // At least once, in order: each run goes on without a gap, where an earlier one had been or right behind it.
        const plain = await effects.rows('plain');
        let reached = 0;
        plain.forEach(({ seq, note }, index) => {
          const before = plain[index - 1];
          if (before?.note === note) expect(seq).toBe(before.seq + 1);
          else expect(seq).toBeLessThanOrEqual(reached + 1);
          reached = Math.max(reached, seq);
        });
        expect(reached).toBe(log.length);

        // A restart repeats no more than the window.
        const plainLanes = await effects.rows('plainLanes');
        expect([...new Set(plainLanes.map(({ seq }) => seq))].sort((a, b) => a - b)).toEqual(all);
        const done = new Set<number>();
        for (const run of new Set(plainLanes.map(({ note }) => note))) {
          const seqs = plainLanes.filter(({ note }) => note === run).map(({ seq }) => seq);
          expect(seqs.filter((seq) => done.has(seq)).length).toBeLessThanOrEqual(WINDOW);
          seqs.forEach((seq) => done.add(seq));
        }
      },
      20_000 + KILLS * 15_000,
    );
  },
);
