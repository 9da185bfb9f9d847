import type { EventxStorage, SequencedEvent } from 'nestjs-eventx';

type Method =
  'readState' | 'confirmState' | 'readPending' | 'assign' | 'readFrom' | 'confirmFrom' | 'readLast';
/** What happens instead of one call; gets the call itself. */
type Fault = (call: () => Promise<unknown>) => Promise<unknown>;

/** The call does not reach the database. */
export const notSent: Fault = () => Promise.reject(new Error('the connection is gone'));

/** The database does it, but its answer does not arrive. */
export const answerLost: Fault = async (call) => {
  await call();
  throw new Error('the answer is lost');
};

/** The database answers with what was true once. */
export const answering =
  (answer: unknown): Fault =>
  () =>
    Promise.resolve(answer);

/** Something happens in the database just before the call. */
export const justAfter =
  (action: () => void | Promise<void>): Fault =>
  async (call) => {
    await action();
    return call();
  };

/** A storage whose next calls go wrong as the test wants it; it counts the calls, too. */
export class FaultyStorage<E extends SequencedEvent> implements EventxStorage<E> {
  readonly calls: Record<Method, number> = {
    readState: 0,
    confirmState: 0,
    readPending: 0,
    assign: 0,
    readFrom: 0,
    confirmFrom: 0,
    readLast: 0,
  };
  watch?: EventxStorage<E>['watch'];
  private readonly faults = new Map<Method, Fault[]>();
  private chaos: (method: Method) => Fault | undefined = () => undefined;

  constructor(private storage: EventxStorage<E>) {}

  /** Puts another log in its place, as a restored backup does. */
  replace(storage: EventxStorage<E>): void {
    this.storage = storage;
  }

  /** The next `times` calls of the method meet the fault. */
  inject(method: Method, fault: Fault, times = 1): void {
    const queue = this.faults.get(method) ?? [];
    this.faults.set(method, [...queue, ...Array<Fault>(times).fill(fault)]);
  }

  /** Any call may meet what `choose` gives for it. */
  always(choose: (method: Method) => Fault | undefined): void {
    this.chaos = choose;
  }

  readState() {
    return this.meet('readState', () => this.storage.readState());
  }

  /** A faulty answer to a plain read can always be found out. */
  confirmState() {
    return this.meet('confirmState', () =>
      this.storage.confirmState ? this.storage.confirmState() : this.storage.readState(),
    );
  }

  readPending(limit: number) {
    return this.meet('readPending', () => this.storage.readPending(limit));
  }

  assign(...args: Parameters<EventxStorage<E>['assign']>) {
    return this.meet('assign', () => this.storage.assign(...args));
  }

  readFrom(from: number, limit: number) {
    return this.meet('readFrom', () => this.storage.readFrom(from, limit));
  }

  confirmFrom(from: number, limit: number) {
    return this.meet('confirmFrom', () =>
      this.storage.confirmFrom
        ? this.storage.confirmFrom(from, limit)
        : this.storage.readFrom(from, limit),
    );
  }

  readLast(limit: number) {
    return this.meet('readLast', () => this.storage.readLast(limit));
  }

  private async meet<T>(method: Method, call: () => Promise<T>): Promise<T> {
    this.calls[method]++;
    // A real database takes its time; a loop that never ends would keep the test's own timeout from firing.
    await new Promise((resolve) => setImmediate(resolve));
    const fault = this.faults.get(method)?.shift() ?? this.chaos(method);
    return fault ? (fault(call) as Promise<T>) : call();
  }
}
