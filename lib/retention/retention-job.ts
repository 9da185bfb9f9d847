import { type Clock, systemClock } from '../util/clock.js';
import type { SequencedEvent } from '../event/event.js';
import { firstSince } from '../storage/first-since.js';
import type { EventxLogger } from '../util/logger.js';
import { pause } from '../util/pause.js';
import type { EventxStorage, LogState, RetentionStorage } from '../storage/index.js';
import { type ConsumerOffset, type CutOff, cutOff, type LogFacts } from './cut-off.js';
import type { ResolvedRetentionOptions } from './retention-options.js';

/** What one run of retention did. */
export interface RetentionResult {
  readonly deleted: number;
  /** Every event with a smaller seq is gone. */
  readonly before: number;
  /** Consumers for whom events were kept that would have been deleted otherwise. */
  readonly heldBackBy: readonly string[];
  /** Consumers that lost events, with `ignoreConsumers`. */
  readonly passed: readonly string[];
}

/** A log that can forget. */
export type RetainedLog<E extends SequencedEvent> = RetentionStorage &
  Pick<EventxStorage<E>, 'readState' | 'read'>;

export interface RetentionEnvironment {
  readonly logger: EventxLogger;
  /** How far the registered consumers have come. */
  readonly offsets: () => Promise<readonly ConsumerOffset[]>;
  readonly clock?: Clock;
}

/** After each statement the job sleeps so many times as long as it took: deletes without a pause cost producers 40 % of their rate. */
const REST = 4;

/** Deletes what is too many or too old, in small batches, smallest seq first. */
export class EventxRetentionJob<E extends SequencedEvent = SequencedEvent> {
  private readonly clock: Clock;
  private reported = '';

  constructor(
    private readonly log: RetainedLog<E>,
    readonly options: ResolvedRetentionOptions,
    private readonly environment: RetentionEnvironment,
  ) {
    this.clock = environment.clock ?? systemClock;
  }

  /**
   * Runs once, to the end or until the signal aborts. Several processes may do so at the same time.
   * @throws what the storage throws
   */
  async runOnce(signal: AbortSignal = new AbortController().signal): Promise<RetentionResult> {
    const since = await this.log.readState();
    const facts = await this.facts(since);
    let cut = await this.cutOff(facts);
    this.report(cut);
    const { ignoreConsumers, batchSize } = this.options;
    let deleted = 0;
    const first = await this.log.readMinSeq();
    while (first !== null && first < cut.before && !signal.aborted) {
      const start = this.clock.now();
      // The storage looks at the offsets once more, together with the delete.
      const terms = { since, ignoreConsumers };
      const count = await this.log.deleteBefore(cut.before, batchSize, terms);
      deleted += count;
      if (count < batchSize) break;
      await pause((this.clock.now() - start) * REST, this.clock, signal);
      // A long run meets consumers that are new, or were moved back.
      cut = await this.cutOff(facts);
    }
    const left = await this.log.readMinSeq();
    // It was stopped, or a consumer came in between.
    if (left !== null && left < cut.before) cut = await this.cutOff(facts);
    return {
      deleted,
      before: Math.min(cut.before, left ?? Infinity),
      heldBackBy: ignoreConsumers ? [] : cut.behind,
      passed: ignoreConsumers ? cut.behind : [],
    };
  }

  private async cutOff(facts: Omit<LogFacts, 'offsets'>): Promise<CutOff> {
    const offsets = await this.environment.offsets();
    // In this order: consumers go on, but never further than the log was when it is looked at after them.
    const { lastSeq } = await this.log.readState();
    return cutOff({ ...facts, offsets: offsets.map((offset) => within(offset, lastSeq)) });
  }

  private async facts({ lastSeq }: LogState): Promise<Omit<LogFacts, 'offsets'>> {
    const { maxTotalEvents, maxAge, ignoreConsumers } = this.options;
    const firstYoungSeq = maxAge === null ? null : await this.firstYounger(maxAge, lastSeq);
    return { lastSeq, maxTotalEvents, firstYoungSeq, ignoreConsumers };
  }

  private async firstYounger(maxAge: number, lastSeq: number): Promise<number> {
    const first = (await this.log.readMinSeq()) ?? lastSeq + 1;
    return firstSince(this.log, (await this.log.readClock()) - maxAge, first, lastSeq);
  }

  /** Says what people should know, but not every minute anew. */
  private report({ behind }: CutOff): void {
    const names = behind.join(', ');
    if (names === this.reported) return;
    this.reported = names;
    if (names === '') return;
    this.environment.logger.warn(
      this.options.ignoreConsumers
        ? `Retention passes consumers that are behind, and they lose events: ${names}.`
        : `Retention is held back by consumers that are behind: ${names}. If one is not needed any more: consumers.remove('…').`,
    );
  }
}

/**
 * A consumer that is ahead of the log has handled events which this log does not have: it moved back, or was replaced. Until somebody
 * has decided where it goes on, it may need all there is.
 */
function within(consumer: ConsumerOffset, lastSeq: number): ConsumerOffset {
  return consumer.offset > lastSeq ? { ...consumer, offset: 0 } : consumer;
}
