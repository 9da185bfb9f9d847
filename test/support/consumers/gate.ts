import { until } from '../until.js';

/** Holds up whoever comes, until it is opened; for a test that wants something to happen just then. */
export class Gate {
  private arrivals = 0;
  private readonly waiting: (() => void)[] = [];
  private isOpen = false;

  /** How many came. */
  get count(): number {
    return this.arrivals;
  }

  /** Resolves when the gate is open. */
  async pass(): Promise<void> {
    this.arrivals++;
    if (!this.isOpen) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  /** Waits until so many have come. */
  async arrived(count = 1): Promise<void> {
    await until(() => this.arrivals >= count, { what: `${count} to arrive at the gate` });
  }

  /** For those who wait, and all that come later. */
  open(): void {
    this.isOpen = true;
    for (const pass of this.waiting.splice(0)) pass();
  }
}
