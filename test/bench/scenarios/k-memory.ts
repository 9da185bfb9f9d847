import { EventxEvent, EventxRunner } from 'nestjs-eventx';

import { EndlessLog } from '../lab/endless-log.js';
import { type Figure } from '../figures.js';
import type { Scenario } from '../scenario.js';

const SUBSCRIBERS = 4;

/** The runner, the window and subscribers without a database. */
export const memory: Scenario = {
  letter: 'k',
  title: 'Window and fetch path, without a database',
  async measure(lab) {
    const samples: number[] = [];
    const each = lab.sizes.memory / SUBSCRIBERS;
    for (let round = 0; round < lab.rounds; round++) samples.push(await deliveries(each));
    return [
      {
        scenario: 'k',
        name: `${SUBSCRIBERS} subscribers`,
        unit: 'deliveries/s',
        samples,
        goal: { atLeast: 10_000_000 },
      } satisfies Figure,
    ];
  },
};

async function deliveries(each: number): Promise<number> {
  const runner = new EventxRunner<EventxEvent>(new EndlessLog(each));
  const subscribers = Array.from({ length: SUBSCRIBERS }, () => runner.subscriber({ from: 1 }));
  const stop = new AbortController();
  const begin = performance.now();
  const running = runner.run(stop.signal);
  await Promise.all(
    subscribers.map(async (subscriber) => {
      let received = 0;
      while (received < each) received += (await subscriber.fetch()).length;
    }),
  );
  const rate = (each * SUBSCRIBERS * 1000) / (performance.now() - begin);
  stop.abort();
  await running;
  return rate;
}
