import { EventxEventEntity } from 'nestjs-eventx';
import type { EntityManager } from 'typeorm';

import type { Figure } from '../figures.js';
import { interleave, perSecond } from '../interleave.js';
import { type BenchApp, startApp } from '../lab/app.js';
import type { Lab } from '../lab/lab.js';
import { PAYLOADS, payload, type PayloadSize, sizeName } from '../lab/payload.js';
import type { Scenario } from '../scenario.js';

/** `publish` against `manager.insert` of the same row, each in a transaction, one after the other. Nobody follows. */
export const publish: Scenario = {
  letter: 'g',
  title: 'Publish',
  async measure(lab) {
    const figures: Figure[] = [];
    const { single, hundred } = lab.sizes.publish;
    for (const bytes of PAYLOADS) {
      figures.push(await publishing(lab, bytes, { transactions: single, events: 1 }));
      figures.push(await publishing(lab, bytes, { transactions: hundred, events: 100 }));
    }
    return figures;
  },
};

interface Load {
  readonly transactions: number;
  /** Events of each. */
  readonly events: number;
}

function publishing(lab: Lab, bytes: PayloadSize, { transactions, events }: Load): Promise<Figure> {
  return lab.withDatabases(1, async (database) => {
    const app = await startApp(database, { run: false }, { entities: [EventxEventEntity] });
    const inputs = Array.from({ length: events }, (_, n) => ({
      type: 'order.placed',
      key: String(n),
      data: payload(bytes),
    }));
    const samples = await interleave(lab.rounds, {
      insert: () =>
        repeat(app, transactions, events, (manager) =>
          // A new row each time: TypeORM writes the generated id into it.
          manager.insert(EventxEventEntity, inputs.map(toRow)),
        ),
      publish: () =>
        repeat(app, transactions, events, (manager) => app.eventx.publish(manager, inputs)),
    });
    await app.close();
    return {
      scenario: 'g',
      name: `${events === 1 ? 'one event' : `${events} events`} a transaction, ${sizeName(bytes)}`,
      unit: 'events/s',
      samples: samples.publish,
      reference: { name: 'manager.insert', samples: samples.insert },
      goal: { ratio: 0.9 },
    };
  });
}

/** The fields that have no default. */
function toRow({ type, key, data }: { type: string; key: string; data: unknown }) {
  const row = new EventxEventEntity();
  return Object.assign(row, { type, key, data: Buffer.from(JSON.stringify(data)) });
}

function repeat(
  { dataSource }: BenchApp,
  transactions: number,
  events: number,
  work: (manager: EntityManager) => Promise<unknown>,
): Promise<number> {
  return perSecond(async () => {
    for (let done = 0; done < transactions; done++) await dataSource.transaction(work);
    return transactions * events;
  });
}
