/** Fails as it is told, and remembers each call. */
export class Attempts {
  /** The seq of each call, in order. */
  readonly calls: number[] = [];
  private readonly left = new Map<number, number>();

  /** The next `times` calls for this event fail. */
  fail(seq: number, times = Infinity): this {
    this.left.set(seq, times);
    return this;
  }

  /** From now on all succeed. */
  mend(): void {
    this.left.clear();
  }

  /** @throws Error when it is to fail */
  call(seq: number): void {
    this.calls.push(seq);
    const left = this.left.get(seq) ?? 0;
    this.left.set(seq, left - 1);
    if (left > 0) throw new Error(`no luck with ${seq}`);
  }

  /** How often it was called for this event. */
  count(seq: number): number {
    return this.calls.filter((call) => call === seq).length;
  }
}
