/** What a transaction, or a savepoint in it, has collected so far. */
export interface Collected<T> {
  items: T[];
  /** Whether its commit is worth a signal. */
  wake: boolean;
}

/**
 * What open transactions have collected, one frame per transaction level: a savepoint's frame joins the one around it when the
 * savepoint is released, and is forgotten when it is rolled back. Weak: a connection that is dropped takes its frames with it.
 */
export class TransactionFrames<C extends object, T> {
  private readonly stacks = new WeakMap<C, Collected<T>[]>();

  /** A transaction or a savepoint begins. */
  begin(connection: C): void {
    const stack = this.stacks.get(connection);
    if (stack) stack.push(newFrame());
    else this.stacks.set(connection, [newFrame()]);
  }

  /** The innermost frame; made when the transaction began before anybody watched. */
  current(connection: C): Collected<T> {
    if (!this.stacks.get(connection)?.length) this.begin(connection);
    return this.stacks.get(connection)!.at(-1)!;
  }

  /** What the whole transaction has collected, if its outermost level is the only one left. */
  outermost(connection: C): Collected<T> | undefined {
    const stack = this.stacks.get(connection);
    return stack?.length === 1 ? stack[0] : undefined;
  }

  /** The innermost savepoint was released. */
  release(connection: C): void {
    const stack = this.stacks.get(connection);
    if (!stack || stack.length < 2) return;
    const inner = stack.pop()!;
    const outer = stack.at(-1)!;
    // Not as arguments of one call: there may be more than the stack takes.
    for (const item of inner.items) outer.items.push(item);
    outer.wake ||= inner.wake;
  }

  /** The innermost savepoint was rolled back. */
  rollback(connection: C): void {
    this.stacks.get(connection)?.pop();
  }

  /** The transaction is over. @returns what its outermost frame was */
  end(connection: C): Collected<T> | undefined {
    const stack = this.stacks.get(connection);
    this.stacks.delete(connection);
    return stack?.[0];
  }
}

function newFrame<T>(): Collected<T> {
  return { items: [], wake: false };
}
