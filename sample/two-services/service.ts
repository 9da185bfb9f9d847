import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { StartupError } from '../shared/startup.error.js';
import type { Answer } from './serve.js';

/** One of the two services, as a process of its own. */
export class Service {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
  ) {}

  /** @param port where to listen; 0 is any that is free @throws StartupError */
  static async start(
    name: 'core' | 'events',
    port: number,
    env: Record<string, string>,
  ): Promise<Service> {
    const main = fileURLToPath(new URL(`./${name}/main.js`, import.meta.url));
    const child = fork(main, { env: { ...process.env, ...env, PORT: String(port) } });
    const [answer] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [
      Answer | number | null,
    ];
    if (typeof answer === 'object' && answer !== null && 'url' in answer) {
      return new Service(answer.url.replace('[::1]', 'localhost'), child);
    }
    const reason =
      typeof answer === 'object' && answer !== null ? answer.failure : `exit code ${answer}`;
    throw new StartupError(`The ${name} service did not start: ${reason}`);
  }

  /** Lets it end in good order: handlers end, offsets are written, leases given free. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await exited;
  }
}
