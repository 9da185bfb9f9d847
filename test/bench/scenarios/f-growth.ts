import type { Figure } from '../figures.js';
import { interleave, perSecond } from '../interleave.js';
import { type BenchApp, startApp } from '../lab/app.js';
import type { BenchDatabase } from '../lab/database.js';
import { addBacklog, addNumbered } from '../lab/fill.js';
import type { Lab } from '../lab/lab.js';
import { receive } from '../lab/subscribe.js';
import type { Scenario } from '../scenario.js';
import { measureLive } from './live.js';

/** Does it stay as fast when the log, or the backlog, is long? */
export const growth: Scenario = {
  letter: 'f',
  title: 'A long log, a long backlog',
  measure(lab) {
    const { rows } = lab.sizes.growth;
    return lab.withDatabases(rows.length, async (...databases) => {
      const logs: GrownLog[] = [];
      for (const [index, database] of databases.entries()) {
        logs.push(await GrownLog.open(database, rows[index]!));
      }
      const figures = [...(await drains(lab, logs)), ...(await latencies(lab, logs))];
      for (const { app } of logs) await app.close();
      return figures;
    });
  },
};

class GrownLog {
  private constructor(
    private readonly database: BenchDatabase,
    readonly app: BenchApp,
    readonly rows: number,
    private last: number,
  ) {}

  static async open(database: BenchDatabase, rows: number): Promise<GrownLog> {
    await addNumbered(database.pool, rows, 200);
    return new GrownLog(database, await startApp(database), rows, rows);
  }

  get name(): string {
    return `${this.rows.toLocaleString('en')} events there already`;
  }

  /** @returns events/s */
  async drain(count: number): Promise<number> {
    const from = (this.app.runner.status.lastSeq ?? this.last) + 1;
    await addBacklog(this.database.pool, count, 200);
    this.app.eventx.signal();
    return perSecond(() => receive(this.app, count, { from }));
  }
}

async function drains(lab: Lab, logs: readonly GrownLog[]): Promise<Figure[]> {
  const count = lab.sizes.drain[200];
  const { backlog } = lab.sizes.growth;
  const [smallest, ...longer] = logs;
  const samples: Record<string, number[]> = await interleave<string>(lab.rounds, {
    ...Object.fromEntries(logs.map((log) => [log.name, () => log.drain(count)])),
    backlog: () => smallest!.drain(backlog),
  });
  const reference = { name: smallest!.name, samples: samples[smallest!.name]! };
  const goal = { ratio: 0.9 };
  const figure = (name: string, own: number[]): Figure => {
    return { scenario: 'f', name, unit: 'events/s', samples: own, reference, goal };
  };
  return [
    ...longer.map(({ name }) => figure(`drain, ${name}`, samples[name]!)),
    figure(`drain, backlog of ${backlog.toLocaleString('en')}`, samples.backlog!),
  ];
}

async function latencies(lab: Lab, logs: readonly GrownLog[]): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { app, name } of logs) {
    const { live } = await measureLive(app, lab.rounds, (writers) =>
      writers.paced(200, lab.sizes.liveMs).then(() => 200),
    );
    figures.push({
      scenario: 'f',
      name: `commit → delivery at 200/s, p99, ${name}`,
      unit: 'ms',
      samples: live.p99,
      goal: { atMost: 5 },
    });
  }
  return figures;
}
