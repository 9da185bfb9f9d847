import { setTimeout as delay } from 'node:timers/promises';

import { EventxDeadLetters, type EventxEvent, type EventxModuleOptions } from 'nestjs-eventx';

import { startApp } from '../../../support/app.js';
import {
  holdAllConnections,
  initializeAgain,
  leakTransactions,
} from '../../../support/faults/connections.js';
import { Follower } from '../../../support/faults/follower.js';
import { setClock } from './clock.js';
import { declareConsumers } from './consumers.js';
import { Hang } from './hang.js';
import { type MemberSettings, type Order, POOL_SIZE, type Report } from './settings.js';
import { Writers } from './writers.js';

/** Faults come by the hundred: nobody shall wait long for the next try. */
const OPTIONS: EventxModuleOptions = {
  pollInterval: 50,
  errorBackoff: { initial: 5, max: 200 },
  queryTimeout: 1000,
  startupTimeout: 60_000,
  // Small, so that subscribers also read the table.
  windowSize: 128,
  consumers: { lease: 1500, shutdownTimeout: 2000 },
  retention: { maxTotalEvents: 1000, interval: 500, batchSize: 200 },
};

/** One process of the application: writers, subscribers, consumers, retention. */
export interface Member {
  obey(order: Order): Promise<void>;
  stop(): Promise<void>;
}

export async function startMember(
  settings: MemberSettings,
  tell: (report: Report) => void,
): Promise<Member> {
  const app = await startApp(
    { type: 'mariadb', url: settings.url, extra: { connectionLimit: POOL_SIZE } },
    { options: OPTIONS },
  );
  const { runner, eventx, dataSource } = app;
  const hang = new Hang();
  declareConsumers(app, settings, hang, (called) => tell({ called }));
  const followers = settings.followers.map(
    ({ name, from, lag }) =>
      new Follower(
        eventx.subscriber({ from, fetchLimit: 100 }),
        {
          saw: (events) => tell({ saw: { name, events } }),
          failed: (why) => tell({ lost: { name, why } }),
        },
        { lag, head: () => runner.status.lastSeq },
      ),
  );
  const names = Array.from(
    { length: settings.writers },
    (_, index) => `${settings.name} ${index + 1}`,
  );
  const writers = new Writers(app, names, settings.seed, (wrote) => tell({ wrote }));
  const letters = app.app.get<EventxDeadLetters<EventxEvent>>(EventxDeadLetters);

  const carryOut = async (order: Order): Promise<Report> => {
    switch (order.order) {
      case 'clock':
        setClock(order.ms);
        return {};
      case 'exhaust': {
        const release = await holdAllConnections(dataSource, POOL_SIZE);
        await delay(order.ms);
        await release();
        return {};
      }
      case 'leak':
        return { leaked: await leakTransactions(dataSource, order.connections, order.work) };
      case 'hang':
        await hang.begin(order.ms);
        return {};
      case 'initialize again':
        await initializeAgain(dataSource, order.ms);
        return {};
      case 'settle':
        await writers.stop();
        for (const follower of followers) follower.hurry();
        return {};
      case 'replay': {
        const { replayed, failed } = await letters.replay({ consumer: 'parks' });
        return { replayed: { replayed, failed: failed.length } };
      }
    }
  };
  return {
    async obey(order) {
      // What fails here fails of the faults; whoever gave the order looks at the outcome.
      const report = await carryOut(order).catch(() => ({}));
      tell({ ...report, done: order.order });
    },
    async stop() {
      await writers.stop();
      await Promise.all(followers.map((follower) => follower.stop()));
      await app.close();
    },
  };
}
