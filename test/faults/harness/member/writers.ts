import { setTimeout as delay } from 'node:timers/promises';

import { EventxEventEntity, type EventxService } from 'nestjs-eventx';
import type { DataSource, EntityManager } from 'typeorm';

import { monotonicMs } from '../../../support/monotonic.js';
import { SeededRandom } from '../../../support/seeded-random.js';
import { type AccountState, ACCOUNTS, type Transfer } from '../bank.js';
import type { Attempt } from './settings.js';

/** One every so many transactions changes its mind, saves an event as an entity first, has a savepoint that is rolled back. */
const ROLLBACK_EVERY = 9;
const ENTITY_EVERY = 4;
const SAVEPOINT_EVERY = 7;
/** One of so many locks its accounts in whatever order comes, which leads to deadlocks. */
const CARELESS = 8;
/** One of so many events is such that a handler fails at it. */
const POISONOUS = 60;
/** Keys of the events that go with a transfer. */
const ORDERS = 2000;
/** Rest of a writer between two transactions, in ms. */
const REST_MS = 15;

const changedMyMind = new Error('rolled back on purpose');

interface App {
  readonly dataSource: DataSource;
  readonly eventx: EventxService;
}

/**
 * Writers as the requests of an application are. Each transfers money between accounts, over and over, whatever fails; with every
 * transfer go one to three events.
 */
export class Writers {
  private readonly stopping = new AbortController();
  private readonly loops: Promise<void>[];

  /** @param tell called when a transaction has its events, before it ends, and again when its end is known */
  constructor(
    private readonly app: App,
    names: readonly string[],
    seed: number,
    private readonly tell: (attempt: Attempt) => void,
  ) {
    this.loops = names.map((name, index) => this.loop(name, new SeededRandom(seed + index)));
  }

  /** Resolves when each writer has finished the transaction it is in. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.loops);
  }

  private async loop(writer: string, random: SeededRandom): Promise<void> {
    for (let turn = 1; !this.stopping.signal.aborted; turn++) {
      await this.transaction(writer, turn, random);
      await delay(REST_MS);
    }
  }

  private async transaction(writer: string, turn: number, random: SeededRandom): Promise<void> {
    const begun = monotonicMs();
    const uuids: string[] = [];
    const told = (outcome: Attempt['outcome'], ended: number | null) => {
      if (uuids.length > 0) this.tell({ writer, uuids, outcome, begun, ended });
    };
    let mayBeCommitted = false;
    try {
      await this.app.dataSource.transaction(async (manager) => {
        if (turn % ENTITY_EVERY === 0) uuids.push(await saveEntity(manager));
        uuids.push(...(await this.transfer(manager, turn, random)));
        await manager.query('INSERT INTO transfers (uuid) VALUES (?)', [uuids[0]]);
        if (turn % SAVEPOINT_EVERY === 0) await this.rollBackToSavepoint(manager, writer);
        told('unknown', null);
        if (turn % ROLLBACK_EVERY === 0) throw changedMyMind;
        mayBeCommitted = true;
      });
      told('committed', monotonicMs());
    } catch {
      // Before its COMMIT was sent, the server can only have rolled it back.
      told(mayBeCommitted ? 'unknown' : 'rolled back', mayBeCommitted ? null : monotonicMs());
    }
  }

  private async transfer(
    manager: EntityManager,
    turn: number,
    random: SeededRandom,
  ): Promise<string[]> {
    const a = random.between(1, ACCOUNTS);
    const b = 1 + ((a + random.between(0, ACCOUNTS - 2)) % ACCOUNTS);
    const isCareless = random.between(1, CARELESS) === 1;
    const ids = isCareless || a < b ? [a, b] : [b, a];
    const accounts = new Map<number, AccountState>();
    for (const id of ids) accounts.set(id, await lock(manager, id));
    const amount = random.between(1, 50);
    const data: Transfer = {
      amount,
      from: await book(manager, accounts.get(a)!, -amount),
      to: await book(manager, accounts.get(b)!, amount),
    };
    const more = Array.from({ length: turn % 3 }, () => ({
      type: random.between(1, POISONOUS) === 1 ? 'poison' : 'noted',
      key: `order ${random.between(1, ORDERS)}`,
    }));
    const published = await this.app.eventx.publish(manager, [
      { type: 'transfer', key: `account ${a}`, data },
      ...more,
    ]);
    return published.map(({ uuid }) => uuid);
  }

  private async rollBackToSavepoint(outer: EntityManager, writer: string): Promise<void> {
    const begun = monotonicMs();
    await outer
      .transaction(async (manager) => {
        const { uuid } = await this.app.eventx.publish(manager, { type: 'never' });
        this.tell({ writer, uuids: [uuid], outcome: 'rolled back', begun, ended: null });
        throw changedMyMind;
      })
      .catch((error: unknown) => {
        if (error !== changedMyMind) throw error;
      });
  }
}

/** An event that is written at once, long before the locks are taken and the transaction ends. */
async function saveEntity(manager: EntityManager): Promise<string> {
  const event = manager.create(EventxEventEntity, { type: 'saved', data: Buffer.from('{}') });
  return (await manager.save(event)).uuid;
}

async function lock(manager: EntityManager, id: number): Promise<AccountState> {
  const [account] = await manager.query<AccountState[]>(
    'SELECT id, balance, version FROM accounts WHERE id = ? FOR UPDATE',
    [id],
  );
  return account!;
}

async function book(
  manager: EntityManager,
  { id, balance, version }: AccountState,
  amount: number,
): Promise<AccountState> {
  const next = { id, balance: balance + amount, version: version + 1 };
  await manager.query('UPDATE accounts SET balance = ?, version = ? WHERE id = ?', [
    next.balance,
    next.version,
    id,
  ]);
  return next;
}
