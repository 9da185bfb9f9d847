import { EventxRunner, type RunnerOptions } from 'nestjs-eventx';
import { type InMemoryEvent, InMemoryEventStorage } from 'nestjs-eventx/testing';

import { FaultyStorage } from './faulty-storage.js';
import { ManualClock } from './manual-clock.js';
import { RecordingLogger } from './recording-logger.js';
import { until } from './until.js';

/** A runner on a log in memory, with a clock that only the test moves. */
export class RunnerBench {
  readonly table = new InMemoryEventStorage<number>();
  readonly storage = new FaultyStorage<InMemoryEvent<number>>(this.table);
  readonly clock = new ManualClock();
  readonly logger = new RecordingLogger();
  readonly runner: EventxRunner<InMemoryEvent<number>>;
  private stopping = new AbortController();
  private running: Promise<void> | undefined;

  constructor(options: RunnerOptions = {}) {
    const { clock, logger } = this;
    this.runner = new EventxRunner(this.storage, options, { clock, logger, random: () => 0 });
  }

  start(): void {
    this.stopping = new AbortController();
    this.running = this.runner.run(this.stopping.signal);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  /** Waits until the runner has nothing to do but to wait. */
  async idle(): Promise<void> {
    await until(() => this.clock.running.length > 0, { what: 'the runner to wait' });
  }

  /** Starts, and waits until the runner waits. */
  async started(): Promise<void> {
    this.start();
    await this.idle();
  }

  async reached(seq: number): Promise<void> {
    await until(() => this.runner.status.lastSeq === seq, { what: `the runner to reach ${seq}` });
    await this.idle();
  }
}
