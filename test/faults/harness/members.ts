import { setTimeout as delay } from 'node:timers/promises';

import { monotonicMs } from '../../support/monotonic.js';
import { until } from '../../support/until.js';
import { TestProcess } from '../../support/test-process.js';
import type { MemberSettings, Order, Report } from './member/settings.js';
import type { Recorder } from './recorder.js';

const MAIN = new URL('./member/main.ts', import.meta.url);
/** How far behind the slow subscribers stay: further than the window reaches. */
const LAG = 200;
const WRITERS = 3;
/** A replay of all dead letters takes its time. */
const ORDER_TIMEOUT_MS = 300_000;

type Process = TestProcess<Report>;

/** The processes of the application, by name. Each goes on where the last one of its name was. */
export class Members {
  private readonly running = new Map<string, Process>();
  private readonly reports = new Map<string, Report[]>();
  private starts = 0;

  constructor(
    readonly names: readonly string[],
    private readonly url: (member: string) => string,
    private readonly seed: number,
    private readonly recorder: Recorder,
  ) {}

  /** Names of all subscribers. */
  get subscribers(): readonly string[] {
    return this.names.flatMap((name) => [name, behind(name)]);
  }

  async startAll(settings?: Pick<MemberSettings, 'repaired'>): Promise<void> {
    await Promise.all(this.names.map((name) => this.start(name, settings)));
  }

  async start(
    name: string,
    { repaired }: Pick<MemberSettings, 'repaired'> = { repaired: false },
  ): Promise<void> {
    const settings: MemberSettings = {
      name,
      url: this.url(name),
      writers: WRITERS,
      seed: this.seed + 100 * ++this.starts,
      followers: [this.follower(name, 0), this.follower(behind(name), LAG)],
      repaired,
    };
    const told: Report[] = [];
    this.reports.set(name, told);
    const hear = (report: Report) => {
      this.recorder.hear(report);
      if (report.done) told.push(report);
    };
    // As whoever runs applications does: one that ends at its start, since the database is away, is started again.
    const member = await until(() => TestProcess.start<Report>(MAIN, settings, hear), {
      what: `${name} to start`,
      timeoutMs: 60_000,
    });
    this.running.set(name, member);
  }

  async kill(name: string): Promise<void> {
    await this.process(name).kill();
    await this.start(name);
  }

  async restart(name: string): Promise<void> {
    await this.process(name).stop();
    await this.start(name);
  }

  async freeze(name: string, ms: number): Promise<void> {
    const begun = monotonicMs();
    this.process(name).suspend();
    await delay(ms);
    this.process(name).resume();
    this.recorder.freezes.push({ member: name, begun, ended: monotonicMs() });
  }

  /** Gives an order; resolves when it has been carried out. */
  async order(name: string, order: Order): Promise<Report> {
    const told = this.reports.get(name)!;
    const from = told.length;
    this.process(name).tell(order);
    const isAnswer = (report: Report) => report.done === order.order;
    return until(() => told.slice(from).find(isAnswer), {
      what: `${name} to carry out "${order.order}"`,
      timeoutMs: ORDER_TIMEOUT_MS,
    }) as Promise<Report>;
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.running.values()].map((member) => member.stop()));
  }

  /** Ends all of them, also after a failure. */
  async close(): Promise<void> {
    const alive = [...this.running.values()].filter(({ isRunning }) => isRunning);
    await Promise.all(alive.map((member) => member.kill()));
  }

  private process(name: string): Process {
    return this.running.get(name)!;
  }

  private follower(name: string, lag: number) {
    return { name, from: this.recorder.sightings(name).length + 1, lag };
  }
}

/** Of a member, the subscriber that stays behind. */
function behind(name: string): string {
  return `${name}, behind`;
}
