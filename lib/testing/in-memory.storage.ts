import type { PendingEvent, SequencedEvent } from '../event/event.js';
import type {
  SequenceResult,
  DeletionTerms,
  EventxStorage,
  LogState,
  RetentionStorage,
} from '../storage/index.js';

/** An event of the storage in memory. */
export interface InMemoryEvent<T = unknown> extends SequencedEvent {
  readonly data: T;
}

/** Events that were written and not committed yet. */
export interface InMemoryTransaction {
  /** The ids its events got. */
  readonly ids: readonly number[];
  commit(): void;
  rollback(): void;
}

interface Row<T> {
  readonly id: number;
  readonly data: T;
  readonly size: number;
  seq: number | null;
  committed: boolean;
}

/**
 * A log in memory with the semantics of the real ones: for unit tests of applications, and as the shortest example of a storage of
 * one's own.
 */
export class InMemoryEventStorage<T = unknown>
  implements EventxStorage<InMemoryEvent<T>>, RetentionStorage
{
  private readonly rows = new Map<number, Row<T>>();
  private lastId = 0;
  private state: LogState = { lastSeq: 0, logId: 'in-memory' };

  /** Writes events and commits them. @returns their ids */
  insert(...payloads: T[]): readonly number[] {
    const transaction = this.begin(...payloads);
    transaction.commit();
    return transaction.ids;
  }

  /** Writes events that nobody sees before the commit. */
  begin(...payloads: T[]): InMemoryTransaction {
    const written = payloads.map((data): Row<T> => {
      const size = JSON.stringify(data)?.length ?? 0;
      return { id: ++this.lastId, data, size, seq: null, committed: false };
    });
    for (const row of written) this.rows.set(row.id, row);
    return {
      ids: written.map(({ id }) => id),
      commit: () => written.forEach((row) => (row.committed = true)),
      rollback: () => written.forEach(({ id }) => this.rows.delete(id)),
    };
  }

  /** Deletes an event by hand, as somebody with a database client would. */
  delete(id: number): void {
    this.rows.delete(id);
  }

  readState(): Promise<LogState> {
    return Promise.resolve(this.state);
  }

  readPending(limit: number): Promise<readonly PendingEvent[]> {
    const pending = [...this.rows.values()].filter((row) => row.committed && row.seq === null);
    return Promise.resolve(pending.slice(0, limit).map(({ id, size }) => ({ id, size })));
  }

  sequence(
    log: LogState,
    pending: readonly PendingEvent[],
  ): Promise<SequenceResult<InMemoryEvent<T>>> {
    const rows = pending.map(({ id }) => this.rows.get(id));
    const stands = log.logId === this.state.logId && log.lastSeq === this.state.lastSeq;
    if (!stands || rows.some((row) => row?.seq !== null)) {
      return Promise.resolve({ outcome: 'conflict' });
    }
    rows.forEach((row, index) => (row!.seq = log.lastSeq + 1 + index));
    this.state = { ...log, lastSeq: log.lastSeq + rows.length };
    return Promise.resolve({ outcome: 'sequenced', events: rows.map((row) => toEvent(row!)) });
  }

  read(from: number, limit: number): Promise<readonly InMemoryEvent<T>[]> {
    const events = this.numbered().filter(({ seq }) => seq >= from);
    return Promise.resolve(events.slice(0, limit));
  }

  readLast(limit: number): Promise<readonly InMemoryEvent<T>[]> {
    return Promise.resolve(limit === 0 ? [] : this.numbered().slice(-limit));
  }

  readClock(): Promise<number> {
    return Promise.resolve(Date.now());
  }

  readMinSeq(): Promise<number | null> {
    return Promise.resolve(this.numbered()[0]?.seq ?? null);
  }

  /** It keeps no offsets: what consumers need is for whoever calls it to know. */
  deleteBefore(before: number, limit: number, { since }: DeletionTerms = {}): Promise<number> {
    const { lastSeq, logId } = this.state;
    if (since && (since.logId !== logId || lastSeq < since.lastSeq)) return Promise.resolve(0);
    const doomed = this.numbered()
      .filter(({ seq }) => seq < before)
      .slice(0, limit);
    for (const { id } of doomed) this.rows.delete(id);
    return Promise.resolve(doomed.length);
  }

  private numbered(): InMemoryEvent<T>[] {
    return [...this.rows.values()]
      .filter(({ seq }) => seq !== null)
      .map(toEvent)
      .sort((a, b) => a.seq - b.seq);
  }
}

function toEvent<T>({ id, seq, size, data }: Row<T>): InMemoryEvent<T> {
  return { id, seq: seq!, size, data };
}
