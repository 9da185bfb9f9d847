import 'reflect-metadata';

import type { DataSourceOptions } from 'typeorm';

import { startApp } from './app.js';
import { follow } from './subscribe.js';
import { Writers } from './writers.js';

/** What a replica is told. It answers each command when it is done. */
export type Command =
  | { readonly do: 'write'; readonly writers: number; readonly ms: number }
  | { readonly do: 'receive'; readonly count: number }
  | { readonly do: 'close' };

export interface Answer {
  readonly count: number;
}

const app = await startApp({ options: JSON.parse(process.argv[2]!) as DataSourceOptions });
let received = 0;
const follower = follow(app, (batch) => void (received += batch.length));

process.on('message', (command: Command) => void run(command));
process.send!({ count: 0 } satisfies Answer);

async function run(command: Command): Promise<void> {
  if (command.do === 'close') {
    await follower.stop();
    await app.close();
    process.disconnect();
    return;
  }
  let count = received;
  if (command.do === 'write') {
    const writers = new Writers(app);
    await writers.flatOut(command.writers, command.ms);
    count = writers.count;
  } else {
    while (received < command.count) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  process.send!({ count } satisfies Answer);
}
