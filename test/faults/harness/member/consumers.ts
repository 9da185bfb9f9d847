import type {
  ConsumerContext,
  ConsumerDeclaration,
  EventxEvent,
  EventxService,
} from 'nestjs-eventx';
import type { DataSource, EntityManager } from 'typeorm';

import type { Call } from '../overlaps.js';
import type { Hang } from './hang.js';
import { type ConsumerName, CONSUMERS, type MemberSettings, POOL_SIZE } from './settings.js';
import { timed } from './timed.js';

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
  called: (call: Call) => void,
): void {
  type Context = ConsumerContext<EntityManager>;
  const write = (manager: EntityManager, { consumer }: Context, { seq }: EventxEvent) =>
    manager.query('INSERT INTO effects (consumer, seq, member) VALUES (?, ?, ?)', [
      consumer,
      seq,
      member,
    ]);
  const inItsTransaction = async (event: EventxEvent, context: Context) => {
    // Of those that hang some have written, some have nothing but their transaction.
    if (event.seq % 2 === 0) await hang.pass();
    await write(context.manager, context, event);
    await hang.pass();
    if (context.consumer === 'parks' && event.type === 'poison' && !repaired) {
      throw new Error('poisonous');
    }
  };
  // Not without a transaction: on a connection that somebody has leaked it would go into the one that is open there, and be lost with it.
  const inOneOfItsOwn = (event: EventxEvent, context: Context) =>
    dataSource.transaction(async (manager) => {
      await write(manager, context, event);
      // Another member may have the consumer by now.
      context.signal.throwIfAborted();
    });
  for (const consumer of CONSUMERS) {
    eventx.consumer({
      ...DECLARATIONS[consumer],
      name: consumer,
      startFrom: 'earliest',
      handle: (event: EventxEvent, context: Context): Promise<void> =>
        DECLARATIONS[consumer].transactional
          ? inItsTransaction(event, context)
          : timed(
              () => inOneOfItsOwn(event, context),
              context.signal,
              (span) => called({ consumer, member, seq: event.seq, ...span }),
            ),
    });
  }
}
