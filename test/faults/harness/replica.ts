import { setTimeout as delay } from 'node:timers/promises';

import type { ReplicatedServer } from '../../support/replication.js';
import { SplittingProxy } from '../../support/splitting-proxy.js';

/** A replica of the server, and a proxy that can send it what the members read. */
export class Replica {
  private constructor(
    private readonly servers: ReplicatedServer,
    private readonly proxy: SplittingProxy,
  ) {}

  /** Until it is told otherwise the proxy asks the primary. */
  static async of(servers: ReplicatedServer): Promise<Replica> {
    const proxy = await SplittingProxy.between(servers.primary.url(), servers.replica.url());
    proxy.splits = false;
    return new Replica(servers, proxy);
  }

  /** The primary by way of the proxy. */
  get url(): string {
    return this.proxy.url;
  }

  /** Reads that it has answered. */
  get reads(): number {
    return this.proxy.reads;
  }

  /** Answers what the members read outside of transactions, for so many ms; from the state in which it is now. */
  async answer(ms: number): Promise<void> {
    await this.servers.hold();
    this.proxy.splits = true;
    await delay(ms);
    this.proxy.splits = false;
    await this.servers.release();
  }

  /** Waits until it has everything that the primary has. */
  caughtUp(): Promise<void> {
    return this.servers.caughtUp();
  }

  async close(): Promise<void> {
    await this.proxy.close();
    await this.servers.replica.stop();
  }
}
