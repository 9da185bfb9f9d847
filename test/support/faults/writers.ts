import { setTimeout as delay } from 'node:timers/promises';

import type { WriterTransaction } from 'nestjs-eventx/testing';

import type { TestApp } from '../app.js';
import { monotonicMs } from '../monotonic.js';

/** One every so many transactions of a writer changes its mind. */
const ROLLBACK_EVERY = 9;

/** A transaction as its writer learns more of it. */
export interface Write extends WriterTransaction {
  outcome: WriterTransaction['outcome'];
  ended: number | null;
}

const changedMyMind = new Error('rolled back on purpose');

/**
 * Writers as the requests of an application are: each runs one transaction after the other, of one to three events, for as long
 * as it is let, whatever fails.
 */
export class Writers {
  private readonly stopping = new AbortController();
  private readonly loops: Promise<void>[];

  /** @param report called when a transaction has its events, before it ends, and again when it has ended */
  constructor(
    private readonly app: TestApp,
    names: readonly string[],
    private readonly report: (write: Write) => void,
  ) {
    this.loops = names.map((name) => this.loop(name));
  }

  /** Resolves when each writer has finished the transaction it is in. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.loops);
  }

  private async loop(writer: string): Promise<void> {
    for (let turn = 1; !this.stopping.signal.aborted; turn++) {
      await this.transaction(writer, turn).catch(() => undefined);
      await delay(1);
    }
  }

  private async transaction(writer: string, turn: number): Promise<void> {
    const rollsBack = turn % ROLLBACK_EVERY === 0;
    let write: Write | undefined;
    const begun = monotonicMs();
    try {
      await this.app.dataSource.transaction(async (manager) => {
        const events = Array.from({ length: 1 + (turn % 3) }, () => ({ type: 'written' }));
        const published = await this.app.eventx.publish(manager, events);
        const uuids = published.map(({ uuid }) => uuid);
        write = { writer, uuids, outcome: 'unknown', begun, ended: null };
        this.report(write);
        await manager.query('INSERT INTO written (uuid) VALUES (?)', [write.uuids[0]]);
        if (rollsBack) throw changedMyMind;
      });
      this.ended(write!, 'committed');
    } catch (error) {
      if (error !== changedMyMind) throw error;
      this.ended(write!, 'rolled back');
    }
  }

  private ended(write: Write, outcome: WriterTransaction['outcome']): void {
    write.outcome = outcome;
    write.ended = monotonicMs();
    this.report(write);
  }
}
