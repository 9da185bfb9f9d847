import { setTimeout as delay } from 'node:timers/promises';

import type { Cluster } from './cluster.js';

const INTERVAL_MS = 200;

/**
 * Holds retention back for subscribers, which it knows nothing of: a process may be away for longer than their events are kept. To the
 * log it is a consumer that nobody runs, and whose offset is where the slowest subscriber is.
 */
export class Brake {
  private readonly stopping = new AbortController();
  private loop: Promise<void> | undefined;

  constructor(private readonly cluster: Cluster) {}

  async start(): Promise<void> {
    await this.cluster.query(
      "INSERT IGNORE INTO eventx_offsets (log, consumer, seq) VALUES ('eventx_events', 'brake', 0)",
    );
    this.loop = this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.loop;
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const { members, recorder } = this.cluster;
      const seen = members.subscribers.map((name) => recorder.sightings(name).length);
      await this.cluster.query("UPDATE eventx_offsets SET seq = ? WHERE consumer = 'brake'", [
        Math.min(...seen),
      ]);
      await delay(INTERVAL_MS);
    }
  }
}
