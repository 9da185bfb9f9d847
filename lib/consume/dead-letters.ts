import { randomUUID } from 'node:crypto';

import { EventNotFoundError, EventxUsageError } from '../core/errors.js';
import type { SequencedEvent } from '../core/event.js';
import { describeError } from '../core/logger.js';
import type { DeadLetter, DeadLetterFilter, DeadLetterStore } from '../storage/index.js';
import type { Consumer } from './consumer.js';
import type { ConsumerLog } from './consumer-log.js';
import { isConsumerName } from './consumer-options.js';
import {
  checkFilter,
  checkId,
  checkSelection,
  type DeadLetterSelection,
} from './dead-letter-selection.js';
import { handleEvents } from './handle-events.js';
import type { ConsumerSupervisor } from './supervisor.js';

export type { DeadLetterSelection } from './dead-letter-selection.js';

export interface ReplayResult {
  /** Letters that were handled and removed. */
  readonly replayed: number;
  /** Letters that failed again, and stay. */
  readonly failed: readonly { readonly id: number; readonly seq: number; readonly error: string }[];
  /** Letters that were left alone: behind a failed one of their key, or in the hands of another replay. */
  readonly skipped: number;
}

/** How long a replay keeps other replays off a letter, in ms, beyond the handler's own time limit. */
const CLAIM_MS = 60_000;
/** Letters looked at together. */
const PAGE = 100;

/** Events that consumers could not handle: look at them, hand them out again, or drop them. */
export class EventxDeadLetters<E extends SequencedEvent = SequencedEvent, M = unknown> {
  constructor(
    private readonly stored: DeadLetterStore<E, M> | null,
    private readonly supervisor: ConsumerSupervisor<E, M>,
    private readonly log: ConsumerLog<E>,
  ) {}

  /** In order of consumer and seq, 100 unless told otherwise. @throws EventxOptionsError for a filter that is none */
  async list(filter: DeadLetterFilter = {}): Promise<readonly DeadLetter<E>[]> {
    return this.find(checkFilter(filter));
  }

  /** @throws EventxOptionsError when the id is no whole number */
  async get(id: number): Promise<DeadLetter<E> | null> {
    return this.store.get(checkId(id));
  }

  /**
   * Hands letters to the handlers of their consumer again, oldest first, once each: with the same guarantees, in transactional mode
   * together with their removal. Events that are parked behind them meanwhile are replayed, too.
   * @throws EventxUsageError when there is no such letter, this process does not declare its consumer, or an older event of its key
   * has to come first
   * @throws EventxOptionsError when the selection is none
   */
  async replay(selection: DeadLetterSelection): Promise<ReplayResult> {
    checkSelection(selection);
    const result = { replayed: 0, failed: [] as ReplayResult['failed'][number][], skipped: 0 };
    const seen = new Set<number>();
    const stuck = new Set<string>();
    for (;;) {
      const letters = (await this.select(selection, seen)).filter(({ id }) => !seen.has(id));
      if (letters.length === 0) return result;
      for (const letter of letters) {
        seen.add(letter.id);
        const consumer = this.consumerOf(letter);
        const line = keepsKeys(consumer) && letter.key !== null ? lineOf(letter) : null;
        if (line !== null && (stuck.has(line) || (await this.olderOfKey(letter)))) {
          stuck.add(line);
          result.skipped++;
          continue;
        }
        const outcome = await this.replayOne(letter, consumer);
        if (outcome === 'replayed') result.replayed++;
        else if (line !== null) stuck.add(line);
        if (outcome === 'taken') result.skipped++;
        else if (outcome !== 'replayed') {
          result.failed.push({ id: letter.id, seq: letter.seq, error: outcome.error });
        }
      }
    }
  }

  /** Drops letters for good, unhandled. @returns how many @throws EventxOptionsError when the selection is none */
  async discard(selection: DeadLetterSelection): Promise<number> {
    checkSelection(selection);
    if ('id' in selection) return this.store.discard([selection.id]);
    let discarded = 0;
    for (;;) {
      const letters = await this.find({ ...selection, limit: PAGE });
      if (letters.length === 0) return discarded;
      discarded += await this.store.discard(letters.map(({ id }) => id));
    }
  }

  private get store(): DeadLetterStore<E, M> {
    if (this.stored) return this.stored;
    throw new EventxUsageError('This log has a storage of its own, which keeps no dead letters.');
  }

  /** Nothing of a name that no consumer can have, which is not for the database: MariaDB has no way to compare it. */
  private async find(filter: DeadLetterFilter): Promise<readonly DeadLetter<E>[]> {
    const { store } = this;
    const { consumer } = filter;
    return consumer === undefined || isConsumerName(consumer) ? store.find(filter) : [];
  }

  private async select(
    selection: DeadLetterSelection,
    seen: ReadonlySet<number>,
  ): Promise<readonly DeadLetter<E>[]> {
    if (!('id' in selection)) return this.find({ ...selection, limit: PAGE + seen.size });
    if (seen.size > 0) return [];
    const letter = await this.store.get(selection.id);
    if (!letter) throw new EventxUsageError(`There is no dead letter ${selection.id}.`);
    await this.assertFirstOfKey(letter);
    return [letter];
  }

  private async assertFirstOfKey(letter: DeadLetter<E>): Promise<void> {
    const { consumer, key } = letter;
    if (key === null || !keepsKeys(this.consumerOf(letter))) return;
    const older = await this.olderOfKey(letter);
    if (older) {
      throw new EventxUsageError(
        `Dead letter ${letter.id} (seq ${letter.seq}) waits behind ${older.id} (seq ${older.seq}) of the same key. Replay the key: ` +
          `replay({ consumer: '${consumer}', key: … }), or discard the older one.`,
      );
    }
  }

  private async olderOfKey({
    consumer,
    key,
    seq,
  }: DeadLetter<E>): Promise<DeadLetter<E> | undefined> {
    const [first] = await this.store.find({ consumer, key: key!, limit: 1 });
    return first && first.seq < seq ? first : undefined;
  }

  private consumerOf({ consumer }: DeadLetter<E>): Consumer<E, M> {
    const found = this.supervisor.consumers.get(consumer);
    if (found) return found;
    throw new EventxUsageError(
      `Consumer "${consumer}" is not declared in this process; its dead letters must be replayed where its handlers are.`,
    );
  }

  private async replayOne(
    letter: DeadLetter<E>,
    consumer: Consumer<E, M>,
  ): Promise<'replayed' | 'taken' | { error: string }> {
    const claim = randomUUID();
    const { timeout, transactional } = consumer.options;
    if (!(await this.store.claim(letter.id, claim, timeout + CLAIM_MS))) return 'taken';
    const breakOff = new AbortController();
    try {
      const event = letter.event ?? (await this.fromLog(letter.seq));
      let failure: { readonly error: unknown } | undefined;
      const handle = async (manager: M) => {
        ({ failure } = await handleEvents(consumer, [event], {
          manager,
          attempt: letter.attempts + 1,
          abort: breakOff.signal,
          mayGoOn: () => true,
        }));
        if (!failure) return;
        // A handler that outlived its time limit may still be writing.
        breakOff.abort();
        throw failure.error;
      };
      let settled = true;
      if (transactional) {
        settled = await this.store.settleWith(letter.id, claim, handle, breakOff.signal);
      } else {
        await handle(undefined as M);
        await this.store.settle(letter.id, claim);
      }
      if (failure) throw (failure as { error: unknown }).error;
      return settled ? 'replayed' : 'taken';
    } catch (cause) {
      const error = describeError(cause);
      await this.store.unclaim(letter.id, claim, { at: new Date().toISOString(), error });
      return { error };
    }
  }

  private async fromLog(seq: number): Promise<E> {
    const [event] = await this.log.storage.readFrom(seq, 1);
    if (event?.seq !== seq) throw new EventNotFoundError(seq, event?.seq ?? null);
    return event;
  }
}

function keepsKeys<E extends SequencedEvent, M>(consumer: Consumer<E, M>): boolean {
  return consumer.options.retry.afterRetries === 'park-key';
}

/** The letters that must be replayed one after the other. */
function lineOf({ consumer, key }: DeadLetter): string {
  return `${consumer}\n${key}`;
}
