import { type Clock, systemClock } from '../core/clock.js';
import type { SequencedEvent } from '../core/event.js';
import { firstSince } from '../core/first-since.js';
import type { EventxLogger } from '../core/logger.js';
import { pause } from '../core/pause.js';
import type { EventxStorage, RetentionStorage } from '../storage/index.js';
import { type ConsumerOffset, type CutOff, cutOff, type LogFacts } from './cut-off.js';
import type { ResolvedRetentionOptions } from './retention-options.js';

/** What one run of retention did. */
export interface RetentionResult {
  readonly deleted: number;
  /** Every event with a smaller seq is gone, unless the run was stopped. */
  readonly before: number;
  /** Consumers for whom events were kept that would have been deleted otherwise. */
  readonly heldBackBy: readonly string[];
  /** Consumers that lost events, with `ignoreConsumers`. */
  readonly passed: readonly string[];
}

/** A log that can forget. */
export type RetainedLog<E extends SequencedEvent> = RetentionStorage &
  Pick<EventxStorage<E>, 'readState' | 'readFrom'>;

export interface RetentionEnvironment {
  readonly logger: EventxLogger;
  /** How far the registered consumers have come. */
  readonly offsets: () => Promise<readonly ConsumerOffset[]>;
  readonly clock?: Clock;
}

/** After each statement the job sleeps so many times as long as it took: deletes without a pause cost producers 40 % of their rate. */
const REST = 4;

/** Deletes what is too many or too old, in small batches, smallest seq first (Go: `RetentionJob`). */
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
    const facts = await this.facts();
    let cut = await this.cutOff(facts);
    this.report(cut);
    const { ignoreConsumers, batchSize } = this.options;
    const first = await this.log.readMinSeq();
    let deleted = 0;
    while (first !== null && first < cut.before && !signal.aborted) {
      const start = this.clock.now();
      const count = await this.log.deleteBefore(cut.before, batchSize);
      deleted += count;
      if (count < batchSize) break;
      await pause((this.clock.now() - start) * REST, this.clock, signal);
      // A long run meets consumers that are new, or were moved back.
      cut = await this.cutOff(facts);
    }
    return {
      deleted,
      before: cut.before,
      heldBackBy: ignoreConsumers ? [] : cut.behind,
      passed: ignoreConsumers ? cut.behind : [],
    };
  }

  private async cutOff(facts: Omit<LogFacts, 'offsets'>): Promise<CutOff> {
    return cutOff({ ...facts, offsets: await this.environment.offsets() });
  }

  private async facts(): Promise<Omit<LogFacts, 'offsets'>> {
    const { maxTotalEvents, maxAge, ignoreConsumers } = this.options;
    const { lastSeq } = await this.log.readState();
    const firstYoungSeq = maxAge === null ? null : await this.firstYounger(maxAge, lastSeq);
    return { lastSeq, maxTotalEvents, firstYoungSeq, ignoreConsumers };
  }

  private async firstYounger(maxAge: number, lastSeq: number): Promise<number> {
    const readAt = async (seq: number) => (await this.log.readFrom(seq, 1))[0];
    const first = (await this.log.readMinSeq()) ?? lastSeq + 1;
    return firstSince(readAt, (await this.log.readClock()) - maxAge, first, lastSeq);
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
