import { TestProcess } from '../test-process.js';
import { until } from '../until.js';
import type { WorkerConsumer, WorkerSettings } from './worker.js';

/** One line of a worker's standard output. */
export interface Report {
  readonly ready?: true;
  readonly effectOf?: WorkerConsumer;
}

const MAIN = new URL('./worker-main.ts', import.meta.url);

/** A worker in a process of its own, and the effects that its handlers have had. */
export class WorkerProcess {
  private constructor(
    private readonly child: TestProcess<Report>,
    private readonly had: readonly WorkerConsumer[],
  ) {}

  /** Resolves when it runs. */
  static async start(settings: WorkerSettings): Promise<WorkerProcess> {
    const had: WorkerConsumer[] = [];
    const child = await TestProcess.start<Report>(MAIN, settings, ({ effectOf }) => {
      if (effectOf) had.push(effectOf);
    });
    return new WorkerProcess(child, had);
  }

  /** Waits until its handlers have had so many effects since the last call. */
  async effects(count: number, consumer?: WorkerConsumer): Promise<void> {
    const soFar = () => this.had.filter((of) => consumer === undefined || of === consumer).length;
    const before = soFar();
    await until(() => soFar() >= before + count, {
      what: `${count} effects`,
      timeoutMs: 45_000,
    });
  }

  suspend = () => this.child.suspend();
  resume = () => this.child.resume();
  kill = () => this.child.kill();
  stop = () => this.child.stop();
}
