/** What a transaction, or a savepoint in it, has collected so far. */
export interface Frame<T> {
  readonly items: T[];
  /** Whether its commit is worth a signal. */
  wake: boolean;
}

/**
 * What an open transaction has collected, one frame per level: a savepoint's frame joins the one around it when the savepoint is
 * released, and is forgotten when it is rolled back. A level is 1 for the transaction itself, 2 and more for savepoints in it; it
 * need not be announced, as a transaction may have begun before anybody watched.
 */
export class TransactionFrames<T> {
  private readonly frames: Frame<T>[] = [];

  /** The frame of a level. */
  at(level: number): Frame<T> {
    while (this.frames.length < level) this.frames.push({ items: [], wake: false });
    return this.frames[level - 1]!;
  }

  /** A savepoint was released, and `level` is the innermost one now. */
  release(level: number): void {
    while (this.frames.length > level && this.frames.length > 1) {
      const inner = this.frames.pop()!;
      const outer = this.frames.at(-1)!;
      // Not as arguments of one call: there may be more than the stack takes.
      for (const item of inner.items) outer.items.push(item);
      outer.wake ||= inner.wake;
    }
  }

  /** A savepoint was rolled back, and `level` is the innermost one now. */
  rollback(level: number): void {
    this.frames.splice(level);
  }

  /** What all levels have collected, in order. */
  get items(): T[] {
    return this.frames.flatMap(({ items }) => items);
  }

  /** Whether the commit of the whole transaction is worth a signal. */
  get wake(): boolean {
    return this.frames.some(({ wake }) => wake);
  }
}
