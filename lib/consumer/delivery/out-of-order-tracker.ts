import type { SequencedEvent } from '../../event/event.js';

/** Of events that are handled in any order: up to where all are, and how many wait for those before them. */
export class OutOfOrderTracker<E extends SequencedEvent> {
  /** In order of seq. */
  private readonly window: E[] = [];
  private readonly handled = new Set<number>();

  /** Events taken up that the offset has not passed. */
  get size(): number {
    return this.window.length;
  }

  /** @param event comes after all that were begun before */
  begin(event: E): void {
    this.window.push(event);
  }

  finish({ seq }: E): void {
    this.handled.add(seq);
  }

  /** The last event up to which all are handled, where the offset may move to; undefined when the first one is not. */
  get watermark(): E | undefined {
    let count = 0;
    while (count < this.window.length && this.handled.has(this.window[count]!.seq)) count++;
    return this.window[count - 1];
  }

  /** Lets go of the events up to a watermark that the offset has passed. */
  forget(watermark: E): void {
    const passed = this.window.splice(0, this.window.indexOf(watermark) + 1);
    for (const { seq } of passed) this.handled.delete(seq);
  }
}
