import { StaleReadError } from '../errors.js';
import { type PendingEvent, type SequencedEvent, sizeOf } from '../event/event.js';
import {
  confirmedFirst,
  confirmedState,
  type EventxStorage,
  type LogState,
} from '../storage/index.js';
import { leadingRun } from './leading-run.js';
import { type BatchSizes, nextBatchSize } from './batch-size.js';
import type { PendingEvents } from './pending-events.js';
import type { RecentEvents } from './recent-events.js';

/** Told of what people should know about; nothing here is an error of ours. */
export interface SequencerEvents {
  /** The log moved back or was replaced. */
  truncated(previousHead: number, lastSeq: number): void;
}

/**
 * What is to follow a round. `again`: there may be more to do at once. `idle`: the next signal or poll is early enough.
 * `contended`: another runner is faster; it will be so again, unless this one waits a moment.
 */
export type Round = 'again' | 'idle' | 'contended';

/** So often in a row a batch may be refused while nobody else numbers: a few times is chance (an event was deleted, a rival gave up). */
const MOST_REFUSALS = 3;

/** How a sequencer works. */
export interface SequencerSettings {
  readonly sizes: BatchSizes;
  readonly initialWindow: number;
  /** False: only read what others number. */
  readonly numbers: boolean;
}

/**
 * One round after the other: read what is pending, number it, hand it to the window. It believes what it knows of the log only as
 * long as nothing failed: after any error it reads the state again, and from the last event handed out on, because what failed may
 * have happened. Numbers are never tried twice.
 */
export class Sequencer<E extends SequencedEvent, P extends PendingEvent> {
  /** Where the log stands, when that is known for certain. */
  private log: LogState | null = null;
  private logId: string | null = null;
  /** Whether another runner was faster at the last try. */
  private outrun = false;
  /** Where the log stood when a batch was refused, and how often in a row it was refused there. */
  private refused = { at: -1, times: 0 };

  constructor(
    private readonly storage: EventxStorage<E, P>,
    private readonly window: RecentEvents<E>,
    private readonly settings: SequencerSettings,
    private readonly events: SequencerEvents,
    private readonly pending: PendingEvents<P>,
  ) {}

  /** Forgets what is known of the log, as after any error. */
  invalidate(): void {
    this.log = null;
    this.pending.reset();
  }

  /** One batch. */
  async step(): Promise<Round> {
    try {
      return await this.round();
    } catch (error) {
      this.invalidate();
      throw error;
    }
  }

  private async round(): Promise<Round> {
    const { head } = this.window;
    if (!this.settings.numbers) {
      await this.follow();
      return this.window.head === head ? 'idle' : 'again';
    }
    // Others may have numbered what an earlier look found.
    if (!this.log) this.pending.forget();
    // The state is known before the pending events are read: then no number can have been given in between unnoticed.
    const log = (this.log ??= await this.follow());
    // Whoever was faster is at work still, and will number what is pending: better read that than fight over it.
    if (this.outrun && this.window.head !== head) return this.contended();
    this.outrun = false;
    const batch = await this.pending.next();
    if (batch.length === 0) {
      this.log = await this.follow();
      return this.log.lastSeq === log.lastSeq ? 'idle' : 'again';
    }

    const result = await this.pending.number(() => this.storage.sequence(log, batch));
    if (result.outcome === 'conflict') {
      this.countRefusal(log, batch.length);
      return this.contended();
    }
    this.window.append(result.events);
    this.log = { ...log, lastSeq: log.lastSeq + result.events.length };
    return this.pending.hasMore ? 'again' : 'idle';
  }

  /** @throws StaleReadError when what is read of the log cannot be what is so */
  private countRefusal({ lastSeq }: LogState, count: number): void {
    const times = this.refused.at === lastSeq ? this.refused.times + 1 : 1;
    this.refused = { at: lastSeq, times };
    if (times < MOST_REFUSALS) return;
    throw new StaleReadError(
      `it says that the log ends at ${lastSeq} and that ${count} events wait for a number, and refused to number them ${times} times`,
    );
  }

  private contended(): Round {
    this.outrun = true;
    this.log = null;
    return 'contended';
  }

  /** Reads the state, and into the window what others numbered since. */
  private async follow(): Promise<LogState> {
    const read = await this.storage.readState();
    const { head } = this.window;
    const log = head === null ? await this.load(read) : await this.followFrom(head, read);
    this.logId = log.logId;
    return log;
  }

  /** @returns where the log stands, with all of that in the window */
  private async followFrom(head: number, read: LogState): Promise<LogState> {
    if (!this.isTruncated(read, head)) {
      return read.lastSeq > head ? this.catchUp(head, read) : read;
    }
    const log = await confirmedState(this.storage, read);
    if (!this.isTruncated(log, head)) {
      throw new StaleReadError(
        `it said that the log ends at ${read.lastSeq} (log ${read.logId}), but it ends at ${log.lastSeq} (log ${log.logId})`,
      );
    }
    return this.startOver(head, log);
  }

  private isTruncated(log: LogState, head: number): boolean {
    return log.logId !== this.logId || log.lastSeq < head;
  }

  private async load(log: LogState): Promise<LogState> {
    this.window.reset(log.lastSeq, await this.newest(log));
    return log;
  }

  /** @param log confirmed: whoever subscribes is told, and stops */
  private async startOver(head: number, log: LogState): Promise<LogState> {
    this.window.restart(log.lastSeq, await this.newest(log));
    this.events.truncated(head, log.lastSeq);
    return log;
  }

  /** The newest events up to the state; none where they are gone, which subscribers find out for themselves. */
  private async newest(log: LogState): Promise<readonly E[]> {
    if (this.settings.initialWindow === 0) return [];
    const events = (await this.storage.readLast(this.settings.initialWindow)).filter(
      (event) => event.seq <= log.lastSeq,
    );
    return trailingRun(events, log.lastSeq);
  }

  private async catchUp(head: number, log: LogState): Promise<LogState> {
    if (log.lastSeq - head > this.settings.sizes.largest * 4) return this.load(log);
    // One event of overlap: a log that was restored and has grown past our head again shows another event there.
    let ask = this.settings.sizes.base;
    for (let at = head; at < log.lastSeq; at = this.window.head!) {
      const { last } = this.window;
      const events = await this.storage.read(at, ask + 1);
      ask = nextBatchSize(
        ask,
        { count: events.length, bytes: sizeOf(events) },
        this.settings.sizes,
      );
      const overlaps = events[0]?.seq === at;
      if (overlaps && last && events[0]!.id !== last.id)
        return this.replaced(last, events[0]!, log);
      const next = (overlaps ? events.slice(1) : events).filter(
        (event) => event.seq <= log.lastSeq,
      );
      const run = leadingRun(at + 1, next);
      if (run.length === 0) {
        // Deleted, by retention or by hand, before this process saw them: subscribers that need them learn it from the table.
        await this.confirmMissing(at + 1, next[0]);
        return this.load(log);
      }
      // Up to a hole, if there is one; the next read begins there.
      this.window.append(run);
    }
    return log;
  }

  /** Another event is where the last one was. */
  private async replaced(last: E, read: E, log: LogState): Promise<LogState> {
    const { seq, id } = last;
    const event = await confirmedFirst(this.storage, seq, read);
    if (event?.seq !== seq || event.id === id) {
      throw new StaleReadError(`it gave the event with id ${read.id} as number ${seq}`);
    }
    return this.startOver(seq, await confirmedState(this.storage, log));
  }

  private async confirmMissing(seq: number, read: E | undefined): Promise<void> {
    const event = await confirmedFirst(this.storage, seq, read);
    if (event?.seq === seq)
      throw new StaleReadError(`it did not give event ${seq}, which is there`);
  }
}

/** The longest run without a hole that ends at `lastSeq`. */
function trailingRun<E extends SequencedEvent>(
  events: readonly E[],
  lastSeq: number,
): readonly E[] {
  let start = events.length;
  for (let seq = lastSeq; start > 0 && events[start - 1]!.seq === seq; seq--) start--;
  return events.slice(start);
}
