import { setTimeout as delay } from 'node:timers/promises';

import { Gate } from '../../../support/consumers/gate.js';

/** What handlers call, and what does not answer for a while. */
export class Hang {
  private gate: Gate | null = null;

  async begin(ms: number): Promise<void> {
    const gate = new Gate();
    this.gate = gate;
    await delay(ms);
    gate.open();
    this.gate = null;
  }

  /** Resolves at once, or when it is over. */
  async pass(): Promise<void> {
    await this.gate?.pass();
  }
}
