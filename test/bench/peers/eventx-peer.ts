import type { ConsumerDeclaration, EventxEvent } from 'nestjs-eventx';

import { startApp } from '../lab/app.js';
import { createMariaDb } from '../lab/database.js';
import { payload } from '../lab/payload.js';
import type { Peer } from './peer.js';

export type ConsumerSettings = Partial<ConsumerDeclaration<EventxEvent>>;

export async function start(mariaDbUrl: string, options: ConsumerSettings): Promise<Peer> {
  const database = await createMariaDb(mariaDbUrl);
  const app = await startApp(database);
  const { eventx, dataSource } = app;
  const data = payload(200);
  return {
    async publish(n) {
      await dataSource.transaction((manager) =>
        eventx.publish(manager, { type: 'order.placed', key: String(n), data }),
      );
    },
    consume(handle) {
      eventx.consumer({
        ...options,
        name: 'bench',
        startFrom: 'earliest',
        handle: (events) => {
          for (const { key } of options.batch ? events : [events]) handle(Number(key));
        },
      });
      return Promise.resolve();
    },
    async close() {
      await app.close();
      await database.remove();
    },
  };
}
