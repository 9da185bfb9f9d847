import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { Lab } from '../support/faults/lab.js';

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.open();
});
afterEach(() => lab.close());

describe('G2 total order: numbers go on where they were, while writers write', () => {
  test('a runner that stops and runs again, over and over', async () => {
    const { app } = await lab.replica('anna', { options: { run: false } });
    for (let round = 0; round < 30; round++) {
      const stop = new AbortController();
      const running = app.runner.run(stop.signal);
      await lab.passes(1);
      stop.abort();
      await running;
      expect(app.runner.status.running).toBe(false);
    }
    void app.runner.run(lab.signal);
    expect(await lab.finish()).toEqual([]);
  });

  test('an application that shuts down and starts again, over and over', async () => {
    for (let round = 0; round < 15; round++) {
      const replica = await lab.replica('anna', { writers: ['anna'] });
      await lab.passes(5);
      await replica.stop();
    }
    await lab.replica('anna');
    expect(await lab.finish()).toEqual([]);
  });
});

describe('G6 any replica: a process is killed in the middle of its work, and the others go on', () => {
  test('SIGKILL, in turn and over and over', async () => {
    const options = { pollInterval: 1 };
    const start = (name: string) => lab.process(name, { writers: [`${name}'s`], options });
    const names = ['anna', 'ben'] as const;
    const running = new Map(
      await Promise.all(names.map(async (name) => [name, await start(name)] as const)),
    );
    for (let round = 0; round < 4; round++) {
      const victim = names[round % 2]!;
      await running.get(victim)!.kill();
      await lab.passes(20);
      running.set(victim, await start(victim));
      await lab.passes(20);
    }
    for (const replica of running.values()) await replica.stop();
    for (const name of names) await lab.replica(name);
    expect(await lab.finish()).toEqual([]);
  });
});
