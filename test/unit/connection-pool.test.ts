import { beforeEach, describe, expect, test } from '@jest/globals';
import { EventxClosedError, StorageTimeoutError } from 'nestjs-eventx';

import { ConnectionPool } from '../../lib/typeorm/connections/connection-pool.js';
import type { OwnConnection } from '../../lib/typeorm/connections/own-connection.js';
import { ManualClock } from '../support/manual-clock.js';

/** A connection that does nothing but to be open or not. */
class Connection {
  isOpen = true;

  constructor(readonly name: number) {}

  destroy(): void {
    this.isOpen = false;
  }

  end(): Promise<void> {
    this.destroy();
    return Promise.resolve();
  }
}

const never = () => new Promise<never>(() => undefined);

describe('the pool of a log', () => {
  let clock: ManualClock;
  let opened: Connection[];
  let open: () => Promise<void>;
  let generation: number;
  let pool: ConnectionPool;
  beforeEach(() => {
    clock = new ManualClock();
    opened = [];
    open = () => Promise.resolve();
    generation = 1;
    pool = new ConnectionPool({
      size: 2,
      timeoutMs: 1000,
      clock,
      generation: () => generation,
      open: async () => {
        await open();
        opened.push(new Connection(opened.length + 1));
        return opened.at(-1) as unknown as OwnConnection;
      },
    });
  });

  /** Which connection the next use gets. */
  const next = () =>
    pool.use((connection) => Promise.resolve((connection as unknown as Connection).name));
  const areOpen = () => opened.map(({ isOpen }) => isOpen);
  /** Lets everything happen that waits for nothing. */
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  test('uses one again that worked', async () => {
    expect([await next(), await next()]).toEqual([1, 1]);
  });

  test('never uses one again on which something failed: a transaction may be open', async () => {
    await expect(pool.use(() => Promise.reject(new Error('deadlock')))).rejects.toThrow('deadlock');
    expect(await next()).toBe(2);
    expect(areOpen()).toEqual([false, true]);
  });

  test('nor one that did not answer in time: it may be busy still', async () => {
    const late = pool.use(never);
    await settled();
    clock.advance(1000);
    await expect(late).rejects.toBeInstanceOf(StorageTimeoutError);
    expect(await next()).toBe(2);
    expect(areOpen()).toEqual([false, true]);
  });

  test('nor one that the server has ended', async () => {
    await next();
    opened[0]!.isOpen = false;
    expect(await next()).toBe(2);
  });

  test('opens no more than it may; whoever comes later waits for one', async () => {
    let finish!: () => void;
    const busy = [pool.use(() => new Promise<void>((resolve) => (finish = resolve)))];
    busy.push(pool.use(never));
    await settled();
    const waiting = next();
    await settled();
    expect(opened).toHaveLength(2);
    finish();
    await busy[0];
    expect(await waiting).toBe(1);
    clock.advance(1000);
    await expect(busy[1]).rejects.toBeInstanceOf(StorageTimeoutError);
  });

  test('one that fails makes room for whoever waits', async () => {
    const busy = [pool.use(never), pool.use(never)];
    await settled();
    const waiting = pool.use(() => Promise.resolve('came'), 5000);
    clock.advance(1000);
    await expect(Promise.allSettled(busy)).resolves.toHaveLength(2);
    expect(await waiting).toBe('came');
    expect(opened).toHaveLength(3);
  });

  test('gives up waiting after the time limit, and loses no connection by it', async () => {
    const busy = [pool.use(never, 5000), pool.use(never, 5000)];
    await settled();
    const waiting = next();
    clock.advance(1000);
    await expect(waiting).rejects.toBeInstanceOf(StorageTimeoutError);
    clock.advance(4000);
    await Promise.allSettled(busy);
    await settled();
    expect([await next(), await next()]).toEqual([3, 3]);
  });

  test('replaces all of them when the data source was initialized again', async () => {
    await next();
    generation = 2;
    expect(await next()).toBe(2);
    expect(areOpen()).toEqual([false, true]);
  });

  test('waits longer and longer before it connects again, and not once it worked', async () => {
    open = () => Promise.reject(new Error('down'));
    await expect(next()).rejects.toThrow('down');
    const second = next();
    await settled();
    const [wait] = clock.running;
    expect(wait).toBeGreaterThan(0);
    open = () => Promise.resolve();
    clock.advance(wait!);
    expect(await second).toBe(1);
    opened[0]!.isOpen = false;
    expect(await next()).toBe(2);
  });

  test('closes those that nobody uses', async () => {
    await next();
    clock.advance(60_000);
    expect(areOpen()).toEqual([false]);
    expect(await next()).toBe(2);
  });

  test('closes for good: those at rest at once, the others when they come back', async () => {
    let finish!: () => void;
    const busy = pool.use(() => new Promise<void>((resolve) => (finish = resolve)));
    await next();
    await pool.close();
    expect(areOpen()).toEqual([true, false]);
    finish();
    await busy;
    expect(areOpen()).toEqual([false, false]);
    await expect(next()).rejects.toBeInstanceOf(EventxClosedError);
  });
});
