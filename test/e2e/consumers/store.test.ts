import { describe, expect, test } from '@jest/globals';
import type { EventxEvent } from 'nestjs-eventx';
import type { EntityManager } from 'typeorm';

import type {
  ConsumerStore,
  Lease,
  NewDeadLetter,
  OffsetNotes,
} from '../../../lib/storage/index.js';
import { cleanUpAfterEach } from '../../support/clean-up.js';
import { connect, DATABASES, emptyDatabase } from '../../support/data-sources.js';
import { eventAt } from '../../support/stored-events.js';
import { openDatabaseLog } from '../../support/database-log.js';

const LONG = 3_600_000;
const NEVER = new AbortController().signal;
const at = (seq: number) => ({ offset: seq, uuid: null });
const letter = (seq: number, key: string | null = null) =>
  ({
    event: { ...eventAt(seq), key },
    reason: 'failed',
    attempts: 1,
    failures: [],
  }) as unknown as NewDeadLetter<EventxEvent>;

describe.each(DATABASES)(
  'where consumers are kept: a lease that is not valid any more changes nothing, on %s',
  (database) => {
    const undo = cleanUpAfterEach();

    /** A consumer at seq 5 whose first owner was outrun by a second one. */
    const start = async () => {
      const { options, remove } = await emptyDatabase(database);
      undo(remove);
      const dataSource = await connect(options);
      undo(() => dataSource.destroy());
      const log = await openDatabaseLog(dataSource);
      const store = log.consumers as unknown as ConsumerStore<EventxEvent, EntityManager>;
      await store.register('c', at(5));
      const old = (await store.acquire('c', 'one', 0))!;
      const lease = (await store.acquire('c', 'two', LONG))!;
      const record = async () => (await store.records(['c']))[0];
      return { store, old, lease, record, dataSource };
    };

    test('acquire: one at a time, and each lease has a higher fencing token', async () => {
      const { store, old, lease } = await start();
      expect(old).toMatchObject({ consumer: 'c', owner: 'one', offset: 5 });
      expect(lease.fencingToken).toBeGreaterThan(old.fencingToken);
      expect(await store.acquire('c', 'three', LONG)).toBeNull();
      expect((await store.acquire('c', 'two', LONG))!.fencingToken).toBeGreaterThan(
        lease.fencingToken,
      );
      expect(await store.acquire('unknown', 'one', LONG)).toBeNull();
    });

    test('acquire: not while it is paused or halted; a new run begins without an error', async () => {
      const { store, lease, record } = await start();
      await store.report(lease, 'oh');
      await store.setPaused('c', true);
      expect(await store.acquire('c', 'two', LONG)).toBeNull();
      await store.setPaused('c', false);
      await store.halt(lease, 'stop');
      expect(await store.acquire('c', 'two', LONG)).toBeNull();
      expect(await record()).toMatchObject({ halted: true, lastError: 'stop' });
      await store.setPaused('c', false);
      await store.report(lease, 'again');
      await store.acquire('c', 'two', LONG);
      expect(await record()).toMatchObject({ halted: false, lastError: null });
    });

    test.each<
      [string, (store: ConsumerStore<EventxEvent, EntityManager>, old: Lease) => Promise<unknown>]
    >([
      ['commit', (store, old) => store.commit(old, at(9))],
      ['seek', async (store, old) => (await store.seek('c', at(5), old)) !== 'unknown'],
      ['release', (store, old) => store.release(old, 0)],
      ['report', (store, old) => store.report(old, 'late')],
      ['halt', (store, old) => store.halt(old, 'late')],
      ['renew', (store) => store.renew('one', ['c'], LONG)],
      ['moveTo', (store, old) => store.atomically((unit) => unit.moveTo(old, at(9)), NEVER)],
      ['markHandled', (store, old) => store.atomically((unit) => unit.markHandled(old, 9), NEVER)],
      ['forgetHandled', (store, old) => store.forgetHandled(old, 99)],
    ])('%s', async (_what, act) => {
      const { store, old, lease, record } = await start();
      await store.atomically((unit) => unit.markHandled(lease, 7), NEVER);
      const before = await record();
      expect((await act(store, old)) ?? false).toBe(false);
      expect(await record()).toEqual(before);
      expect(await store.handledAhead(lease)).toEqual([7]);
    });

    test('who has it is known from the row itself, whether or not the lease has run out', async () => {
      const { store, lease } = await start();
      const { fencingToken } = lease;
      expect(await store.holder('c')).toEqual({ owner: 'two', fencingToken });
      await store.renew('two', ['c'], -1);
      expect(await store.holder('c')).toEqual({ owner: 'two', fencingToken });
      expect((await store.records(['c']))[0]).toMatchObject({ owner: null, lastOwner: 'two' });
      await store.release(lease, 0);
      expect(await store.holder('c')).toEqual({ owner: null, fencingToken });
      expect(await store.holder('unknown')).toBeNull();
    });

    test('since when it fails: from the first failure to the next success, through all between', async () => {
      const { store, lease, record, dataSource } = await start();
      expect(await record()).toMatchObject({ failingSince: null });
      await store.report(lease, 'one');
      const { failingSince } = (await record())!;
      expect(Math.abs(failingSince!.getTime() - Date.now())).toBeLessThan(3_600_000);
      await dataSource.query('UPDATE eventx_offsets SET failing_since = failing_since - 5000');
      await store.report(lease, 'two');
      await store.halt(lease, 'three');
      expect(await record()).toMatchObject({
        lastError: 'three',
        failingSince: new Date(failingSince!.getTime() - 5000),
      });
      await store.report(lease, null);
      expect(await record()).toMatchObject({ lastError: null, failingSince: null });
      await store.report(lease, 'again');
      await store.setPaused('c', false);
      expect(await record()).toMatchObject({ failingSince: null });
      await store.report(lease, 'again');
      await store.acquire('c', 'two', LONG);
      expect(await record()).toMatchObject({ failingSince: null });
    });

    test('a stuck handler is seen until it is done, or somebody else has the consumer, or nobody', async () => {
      const { store, lease, record } = await start();
      const call = { at: 'Mailer.send, seq 6', forMs: 60_000 };
      const stick = async (held = lease) => {
        await store.reportStuck(held, call);
        return (await record())!.stuck;
      };
      expect(await stick()).toEqual({ at: call.at, since: expect.any(Date) });
      await store.reportStuck(lease, null);
      expect((await record())!.stuck).toBeNull();
      await stick();
      await store.renew('two', ['c'], -1);
      expect((await record())!.stuck).toBeNull();
      await store.renew('two', ['c'], LONG);
      await store.release(lease, 0);
      const next = (await store.acquire('c', 'three', LONG))!;
      expect((await record())!.stuck).toBeNull();
      expect(await stick(lease)).toBeNull();
      expect(await stick(next)).not.toBeNull();
      await store.acquire('c', 'three', LONG);
      expect((await record())!.stuck).toBeNull();
    });

    test('marks that the offset has passed are no marks, and go', async () => {
      const { store, lease, dataSource } = await start();
      for (const seq of [6, 8])
        await store.atomically((unit) => unit.markHandled(lease, seq), NEVER);
      await store.commit(lease, at(6));
      const next = (await store.acquire('c', 'two', LONG))!;
      expect(await store.handledAhead(next)).toEqual([8]);
      const left = await dataSource.query<{ seq: unknown }[]>('SELECT seq FROM eventx_done');
      expect(left.map(({ seq }) => Number(seq))).toEqual([8]);
    });

    test('a seek moves it and forgets its marks, at once, and nobody has it any more', async () => {
      const { store, lease, record } = await start();
      await store.atomically((unit) => unit.markHandled(lease, 7), NEVER);
      expect(await store.seek('c', at(2))).toBe('placed');
      expect(await record()).toMatchObject({ offset: 2, owner: null });
      expect(await store.commit(lease, at(9))).toBe(false);
      const next = (await store.acquire('c', 'three', LONG))!;
      expect(await store.handledAhead(next)).toEqual([]);
      expect(await store.seek('unknown', at(2))).toBe('unknown');
    });

    type Write = (
      store: ConsumerStore<EventxEvent, EntityManager>,
      lease: Lease,
    ) => Promise<unknown>;
    const WRITES: [string, Write][] = [
      ['commit', (store, lease) => store.commit(lease, at(9))],
      ['moveTo', (store, lease) => store.atomically((unit) => unit.moveTo(lease, at(9)), NEVER)],
      [
        'markHandled',
        (store, lease) => store.atomically((unit) => unit.markHandled(lease, 9), NEVER),
      ],
      ['seek', async (store, lease) => (await store.seek('c', at(5), lease)) !== 'unknown'],
      ['halt', (store, lease) => store.halt(lease, 'late')],
    ];

    test.each(WRITES)(
      '%s, of the same process before a seek: the fencing token alone tells them apart',
      async (_what, write) => {
        const { store, lease, record } = await start();
        await store.seek('c', at(3));
        await store.acquire('c', lease.owner, LONG);
        const before = await record();
        expect((await write(store, lease)) ?? false).toBe(false);
        expect(await record()).toEqual(before);
      },
    );

    test.each(WRITES)(
      '%s, of the same process before the consumer was removed and registered anew',
      async (_what, write) => {
        const { store, record } = await start();
        await store.remove('c');
        await store.register('c', at(5));
        const lease = (await store.acquire('c', 'one', LONG))!;
        await store.remove('c');
        await store.register('c', at(5));
        await store.acquire('c', 'one', LONG);
        const before = await record();
        expect((await write(store, lease)) ?? false).toBe(false);
        expect(await record()).toEqual(before);
      },
    );

    test('a seek while a transaction is open that has not moved the offset: it never will', async () => {
      // The embedded database has one writer at a time: the seek waits for the transaction.
      if (database === 'sqlite') return;
      const { store, lease, record } = await start();
      const committed = await store
        .atomically(async (unit) => {
          // As an application may have read before, under REPEATABLE READ.
          await unit.manager.query('SELECT * FROM eventx_offsets');
          expect(await store.seek('c', at(3))).toBe('placed');
          return unit.moveTo(lease, at(9));
        }, NEVER)
        .catch(() => false);
      expect(committed).toBe(false);
      expect(await record()).toMatchObject({ offset: 3, owner: null });
    });

    test('a seek while a transaction is open that has moved the offset: it waits, and is the last word', async () => {
      const { store, lease, record } = await start();
      let seek: Promise<unknown> | undefined;
      const committed = await store.atomically(async (unit) => {
        const moved = await unit.moveTo(lease, at(9));
        seek = store.seek('c', at(3));
        return moved;
      }, NEVER);
      expect(committed).toBe(true);
      expect(await seek).toBe('placed');
      expect(await record()).toMatchObject({ offset: 3, owner: null });
      expect(await store.commit(lease, at(10))).toBe(false);
    });

    test('a note of an offset that is kept elsewhere moves it, and says whether it runs', async () => {
      const { store: consumers } = await start();
      const store = consumers as typeof consumers & OffsetNotes;
      const note = (seq: number, owner: string | null = 'me', forMs = LONG) =>
        store.note({ consumer: 'n', owner, forMs, ...at(seq) });
      const noted = async () => (await store.records(['n']))[0];
      await note(4);
      expect(await noted()).toMatchObject({ offset: 4, owner: 'me', keptElsewhere: true });
      await note(7);
      await note(7);
      expect(await noted()).toMatchObject({ offset: 7 });
      await note(2, null, 0);
      expect(await noted()).toMatchObject({ offset: 2, owner: null, keptElsewhere: true });
      // Declared without "offsets" some day: then it goes on there.
      expect(await store.acquire('n', 'two', LONG)).toMatchObject({ offset: 2 });
      expect(await noted()).toMatchObject({ owner: 'two', keptElsewhere: false });
      await expect(note(9)).rejects.toThrow(/the log has an offset of that name/);
      expect(await noted()).toMatchObject({ offset: 2, owner: 'two' });
    });

    test('an event is marked as done once', async () => {
      const { store, lease } = await start();
      const mark = () => store.atomically((unit) => unit.markHandled(lease, 7), NEVER);
      expect([await mark(), await mark()]).toEqual([true, false]);
    });

    test('a letter is kept whole, or not at all: never with a shorter key than its event has', async () => {
      const { store, lease, record, dataSource } = await start();
      const key = 'k'.repeat(300);
      const parked = store.atomically(async (unit) => {
        await unit.park(lease, [letter(6, key)]);
        return unit.moveTo(lease, at(6));
      }, NEVER);
      // The embedded database has no limits of length.
      if (database === 'sqlite') await parked;
      else await expect(parked).rejects.toThrow(/too long for column 'key'/);
      const kept = await dataSource.query<unknown[]>('SELECT `key` FROM eventx_dead_letters');
      expect(kept).toEqual(database === 'sqlite' ? [{ key }] : []);
      expect((await record())!.offset).toBe(database === 'sqlite' ? 6 : 5);
    });

    test('a unit that is not to be kept, that fails or is broken off, leaves nothing', async () => {
      const { store, lease, record, dataSource } = await start();
      const park = async () =>
        (await dataSource.query<unknown[]>('SELECT id FROM eventx_dead_letters')).length;
      const abort = new AbortController();
      const outcomes = [
        await store.atomically(async (unit) => {
          await unit.park(lease, [letter(6)]);
          return false;
        }, NEVER),
        await store
          .atomically(async (unit) => {
            await unit.moveTo(lease, at(6));
            throw new Error('oh');
          }, NEVER)
          .catch((error: Error) => error.message),
        await store.atomically(async (unit) => {
          await unit.moveTo(lease, at(6));
          abort.abort();
          return true;
        }, abort.signal),
        await store.atomically(() => Promise.resolve(true), AbortSignal.abort()),
      ];
      expect(outcomes).toEqual([false, 'oh', false, false]);
      expect(await park()).toBe(0);
      expect((await record())!.offset).toBe(5);

      expect(
        await store.atomically(
          async (unit) => (await unit.park(lease, [letter(6), letter(6)]), true),
          NEVER,
        ),
      ).toBe(true);
      expect(await park()).toBe(1);
    });

    test('keys are blocked as long as they have letters', async () => {
      const { store, lease } = await start();
      const isBlocked = async (key: string) => {
        let blocked: boolean | undefined;
        await store.atomically(
          async (unit) => ((blocked = await unit.isBlocked(lease, key)), true),
          NEVER,
        );
        return blocked;
      };
      await store.atomically(
        async (unit) => (await unit.park(lease, [letter(6, 'k'), letter(7)]), true),
        NEVER,
      );
      expect(await store.blockedKeys('c')).toEqual(['k']);
      expect([await isBlocked('k'), await isBlocked('other')]).toEqual([true, false]);
      expect(await store.remove('c')).toBe(true);
      expect(await store.blockedKeys('c')).toEqual([]);
      expect(await store.remove('c')).toBe(false);
    });
  },
);
