// Starts and stops whole applications, one after the other, on one database. Prints what the process holds on to at the beginning
// and at the end.
import 'reflect-metadata';

import { startConsumerApp } from '../consumers/app.js';
import { type Database, emptyDatabase } from '../data-sources.js';
import { footprint } from './footprint.js';

const { applications, database } = JSON.parse(process.argv[2]!) as {
  applications: number;
  database: Database;
};
const { options, remove } = await emptyDatabase(database);

/** @returns how many subscribers of TypeORM it left behind */
async function life(): Promise<number> {
  const app = await startConsumerApp(options, {
    options: { retention: { maxTotalEvents: 100 }, pollInterval: 1000 },
  });
  for (const name of ['plain', 'transactional', 'lanes', 'broadcast']) {
    app.consume({
      name,
      transactional: name === 'transactional',
      concurrency: name === 'lanes' ? 4 : 1,
      broadcast: name === 'broadcast',
      handle: () => undefined,
    });
  }
  const loop = (async () => {
    for await (const event of app.eventx.subscriber({ from: 'earliest' })) void event;
  })();
  await app.write('a', 'b@k');
  for (const name of ['plain', 'transactional', 'lanes']) await app.finished(name);
  await app.close();
  await loop;
  return app.dataSource.subscribers.length;
}

let subscribers = 0;
for (let count = 0; count < 3; count++) subscribers += await life();
const before = await footprint();
for (let count = 0; count < applications; count++) subscribers += await life();
const after = await footprint();
await remove();
process.stdout.write(JSON.stringify({ before, after, subscribers }));
