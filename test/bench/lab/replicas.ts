import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { DataSourceOptions } from 'typeorm';

import type { Answer, Command } from './replica-process.js';

const PROCESS = fileURLToPath(new URL('./replica-process.js', import.meta.url));

/** Processes that share a log. */
export interface Replicas {
  /** Writers in each of them. @returns how many events were published in all */
  write(writersEach: number, ms: number): Promise<number>;
  /** Resolves when the subscriber of every process has received so many events. */
  received(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function startReplicas(options: DataSourceOptions, count: number): Promise<Replicas> {
  const children = Array.from({ length: count }, () => fork(PROCESS, [JSON.stringify(options)]));
  await Promise.all(children.map((child) => answer(child)));
  const ask = (command: Command) =>
    Promise.all(
      children.map(async (child) => {
        child.send(command);
        return answer(child);
      }),
    );
  return {
    async write(writersEach, ms) {
      const counts = await ask({ do: 'write', writers: writersEach, ms });
      return counts.reduce((sum, { count }) => sum + count, 0);
    },
    async received(total) {
      await ask({ do: 'receive', count: total });
    },
    async close() {
      const gone = children.map((child) => once(child, 'exit'));
      for (const child of children) child.send({ do: 'close' } satisfies Command);
      await Promise.all(gone);
    },
  };
}

async function answer(child: ChildProcess): Promise<Answer> {
  const message = once(child, 'message').then(([first]) => first as Answer);
  const exit = once(child, 'exit').then(([code]): never => {
    throw new Error(`A replica ended with code ${String(code)}.`);
  });
  // Of no interest once the answer is there.
  exit.catch(() => undefined);
  return Promise.race([message, exit]);
}
