import type { EventxStorage, SequencedEvent } from 'nestjs-eventx';

type Method =
  'readState' | 'confirmState' | 'readPending' | 'sequence' | 'read' | 'confirmRead' | 'readLast';
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
    sequence: 0,
    read: 0,
    confirmRead: 0,
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

  sequence(...args: Parameters<EventxStorage<E>['sequence']>) {
    return this.meet('sequence', () => this.storage.sequence(...args));
  }

  read(from: number, limit: number) {
    return this.meet('read', () => this.storage.read(from, limit));
  }

  confirmRead(from: number, limit: number) {
    return this.meet('confirmRead', () =>
      this.storage.confirmRead
        ? this.storage.confirmRead(from, limit)
        : this.storage.read(from, limit),
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
