import type {
  ConsumerContext,
  ConsumerDeclaration,
  EventxEvent,
  EventxService,
} from 'nestjs-eventx';
import type { DataSource, EntityManager } from 'typeorm';

import type { Hang } from './hang.js';
import { type ConsumerName, CONSUMERS, type MemberSettings, POOL_SIZE } from './settings.js';

type Declaration = Omit<ConsumerDeclaration<EventxEvent>, 'name' | 'handle'>;

/** Attempts fail here by the hundred: nobody shall wait for the next. */
const AT_ONCE = { initial: 2, max: 200 };

const DECLARATIONS: Readonly<Record<ConsumerName, Declaration>> = {
  plain: { retry: { backoff: AT_ONCE } },
  ledger: { transactional: true, retry: { backoff: AT_ONCE } },
  // So many that handlers which hang take the whole pool.
  lanes: { transactional: true, concurrency: POOL_SIZE, retry: { backoff: AT_ONCE } },
  parks: {
    transactional: true,
    afterRetries: 'park-key',
    retry: { attempts: 3, backoff: AT_ONCE },
  },
};

/** Declares a consumer of each kind. Each writes an effect for every event; one fails at poisonous ones. */
export function declareConsumers(
  { eventx, dataSource }: { readonly eventx: EventxService; readonly dataSource: DataSource },
  { name: member, repaired }: Pick<MemberSettings, 'name' | 'repaired'>,
  hang: Hang,
): void {
  for (const consumer of CONSUMERS) {
    const { transactional = false } = DECLARATIONS[consumer];
    eventx.consumer({
      ...DECLARATIONS[consumer],
      name: consumer,
      startFrom: 'earliest',
      handle: async (
        { seq, type }: EventxEvent,
        context: ConsumerContext<EntityManager>,
      ): Promise<void> => {
        const effect = (manager: EntityManager) =>
          manager.query('INSERT INTO effects (consumer, seq, member) VALUES (?, ?, ?)', [
            consumer,
            seq,
            member,
          ]);
        if (transactional) {
          // Of those that hang some have written, some have nothing but their transaction.
          if (seq % 2 === 0) await hang.pass();
          await effect(context.manager);
          await hang.pass();
        } else {
          // Not without a transaction: on a connection that somebody has leaked it would go into the transaction that is open there,
          // and be lost with it.
          await dataSource.transaction(effect);
        }
        if (consumer === 'parks' && type === 'poison' && !repaired) {
          throw new Error('poisonous');
        }
      },
    });
  }
}
