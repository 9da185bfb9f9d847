import { randomUUID } from 'node:crypto';

import { EventxUsageError } from '../errors.js';
import type { SequencedEvent } from '../event/event.js';
import { describeError } from '../util/logger.js';
import type { DeadLetter, DeadLetterStore } from '../storage/index.js';
import type { Consumer } from './definition/consumer.js';
import type { DeadLetterSelection } from './dead-letter-selection.js';
import { handleEvents } from './delivery/handle-events.js';

export interface ReplayResult {
  /** Letters that were handled and removed. */
  readonly replayed: number;
  /** Letters that failed again, and stay. */
  readonly failed: readonly { readonly id: number; readonly seq: number; readonly error: string }[];
  /** Letters that were left alone: behind a failed one of their key, or in the hands of another replay. */
  readonly skipped: number;
}

/** What a replay takes from outside. */
export interface ReplayEnvironment<E extends SequencedEvent, M> {
  readonly store: DeadLetterStore<E, M>;
  /** @throws EventxUsageError when this process does not declare it */
  readonly consumerOf: (letter: DeadLetter<E>) => Consumer<E, M>;
  /** Reads an event of which the letter has no copy. @throws EventNotFoundError */
  readonly fromLog: (seq: number) => Promise<E>;
}

type Outcome = 'replayed' | 'taken' | { readonly error: string };

/** How long a replay keeps other replays off a letter, in ms, beyond the handler's own time limit. */
const CLAIM_MS = 60_000;
/** Letters read together. */
export const PAGE = 100;

/** One replay: hands each letter of a selection to its handlers once, in order. */
export class Replay<E extends SequencedEvent, M> {
  private readonly seen = new Set<number>();
  /** Keys that have a letter which stays: what is behind it stays as well. */
  private readonly stuck = new Set<string>();
  private readonly failed: ReplayResult['failed'][number][] = [];
  private replayed = 0;
  private skipped = 0;

  constructor(private readonly environment: ReplayEnvironment<E, M>) {}

  /** The selection from its first letter to its last; then again, as long as that finds letters parked meanwhile. */
  async run(selection: DeadLetterSelection): Promise<ReplayResult> {
    if ('id' in selection) await this.one(selection.id);
    else while (await this.pass(selection));
    const { replayed, failed, skipped } = this;
    return { replayed, failed, skipped };
  }

  private async one(id: number): Promise<void> {
    const { store } = this.environment;
    const letter = await store.get(id);
    if (!letter) throw new EventxUsageError(`There is no dead letter ${id}.`);
    const older = this.keepsKeyOf(letter) ? await store.olderOfKey(letter) : null;
    if (older) {
      throw new EventxUsageError(
        `Dead letter ${id} (seq ${letter.seq}) waits behind ${older.id} (seq ${older.seq}) of the same key. Replay the key: ` +
          `replay({ consumer: '${letter.consumer}', key: … }), or discard the older one.`,
      );
    }
    await this.take(letter);
  }

  /** @returns whether there was anything new */
  private async pass(selection: Exclude<DeadLetterSelection, { id: number }>): Promise<boolean> {
    const before = this.seen.size;
    let after: DeadLetter<E> | undefined;
    for (;;) {
      const letters = await this.environment.store.find({ ...selection, after, limit: PAGE });
      for (const letter of letters) {
        if (!this.seen.has(letter.id)) await this.take(letter);
      }
      if (letters.length < PAGE) return this.seen.size > before;
      after = letters.at(-1);
    }
  }

  private async take(letter: DeadLetter<E>): Promise<void> {
    const { store, consumerOf } = this.environment;
    this.seen.add(letter.id);
    const consumer = consumerOf(letter);
    const queue = this.keepsKeyOf(letter) ? queueOf(letter) : null;
    if (queue !== null && (this.stuck.has(queue) || (await store.olderOfKey(letter)))) {
      this.stuck.add(queue);
      this.skipped++;
      return;
    }
    const outcome = await this.handOver(letter, consumer);
    if (outcome === 'replayed') {
      this.replayed++;
      return;
    }
    if (queue !== null) this.stuck.add(queue);
    if (outcome === 'taken') this.skipped++;
    else this.failed.push({ id: letter.id, seq: letter.seq, error: outcome.error });
  }

  private keepsKeyOf(letter: DeadLetter<E>): boolean {
    const { retry } = this.environment.consumerOf(letter).options;
    return letter.key !== null && retry.afterRetries === 'park-key';
  }

  private async handOver(letter: DeadLetter<E>, consumer: Consumer<E, M>): Promise<Outcome> {
    const { store, fromLog } = this.environment;
    const claim = randomUUID();
    const { timeout, transactional } = consumer.options;
    if (!(await store.claim(letter.id, claim, timeout + CLAIM_MS))) return 'taken';
    const abort = new AbortController();
    try {
      const event = letter.event ?? (await fromLog(letter.seq));
      let failure: { readonly error: unknown } | undefined;
      const handle = async (manager: M) => {
        ({ failure } = await handleEvents(consumer, [event], {
          manager,
          attempt: letter.attempts + 1,
          abort: abort.signal,
          mayGoOn: () => true,
        }));
        if (!failure) return;
        // A handler that outlived its time limit may still be writing.
        abort.abort();
        throw failure.error;
      };
      let settled = true;
      if (transactional) {
        settled = await store.deleteClaimedWith(letter.id, claim, handle, abort.signal);
      } else {
        await handle(undefined as M);
        await store.deleteClaimed(letter.id, claim);
      }
      if (failure) throw (failure as { error: unknown }).error;
      return settled ? 'replayed' : 'taken';
    } catch (cause) {
      const error = describeError(cause);
      await store.unclaim(letter.id, claim, { at: new Date().toISOString(), error });
      return { error };
    }
  }
}

/** The letters that must be replayed one after the other. */
function queueOf({ consumer, key }: DeadLetter): string {
  return `${consumer}\n${key}`;
}
