import { EventNotFoundError, EventxUsageError } from '../errors.js';
import type { SequencedEvent } from '../event/event.js';
import type { DeadLetter, DeadLetterFilter, DeadLetterStore } from '../storage/index.js';
import type { Consumer } from './definition/consumer.js';
import type { ConsumerLog } from './consumer-process.js';
import { isConsumerName } from './definition/consumer-options.js';
import {
  checkFilter,
  checkId,
  checkSelection,
  type DeadLetterSelection,
} from './dead-letter-selection.js';
import { PAGE, Replay, type ReplayResult } from './replay.js';
import type { ConsumerSupervisor } from './ownership/supervisor.js';

export type { DeadLetterSelection } from './dead-letter-selection.js';
export type { ReplayResult } from './replay.js';

const NOTHING: ReplayResult = { replayed: 0, failed: [], skipped: 0 };

/** Events that consumers could not handle: look at them, hand them out again, or drop them. */
export class EventxDeadLetters<E extends SequencedEvent = SequencedEvent, M = unknown> {
  constructor(
    private readonly stored: DeadLetterStore<E, M> | null,
    private readonly supervisor: ConsumerSupervisor<E, M>,
    private readonly log: ConsumerLog<E>,
  ) {}

  /**
   * In order of consumer and seq, 100 unless told otherwise; the last letter of a page, as `after`, gives the next one.
   * @throws EventxOptionsError for a filter that is none
   */
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
    const { store } = this;
    if (!('id' in selection) && !isConsumerName(selection.consumer)) return NOTHING;
    const replay = new Replay({
      store,
      consumerOf: (letter) => this.consumerOf(letter),
      fromLog: (seq) => this.fromLog(seq),
    });
    return replay.run(selection);
  }

  /** Drops letters for good, unhandled. @returns how many @throws EventxOptionsError when the selection is none */
  async discard(selection: DeadLetterSelection): Promise<number> {
    checkSelection(selection);
    const { store } = this;
    if ('id' in selection) return (await store.discard(selection.id)) ? 1 : 0;
    if (!isConsumerName(selection.consumer)) return 0;
    let discarded = 0;
    for (;;) {
      const some = await store.discardSome({ ...selection, limit: PAGE });
      discarded += some;
      if (some === 0) return discarded;
    }
  }

  private get store(): DeadLetterStore<E, M> {
    if (this.stored) return this.stored;
    throw new EventxUsageError('This log has a storage of its own, which keeps no dead letters.');
  }

  /** Nothing for a name that no consumer can have. The database is not asked: MariaDB cannot compare some of them. */
  private async find(filter: DeadLetterFilter): Promise<readonly DeadLetter<E>[]> {
    const { store } = this;
    const { consumer } = filter;
    return consumer === undefined || isConsumerName(consumer) ? store.find(filter) : [];
  }

  private consumerOf({ consumer }: DeadLetter<E>): Consumer<E, M> {
    const found = this.supervisor.consumers.get(consumer);
    if (found) return found;
    throw new EventxUsageError(
      `Consumer "${consumer}" is not declared in this process; its dead letters must be replayed where its handlers are.`,
    );
  }

  private async fromLog(seq: number): Promise<E> {
    const [event] = await this.log.storage.read(seq, 1);
    if (event?.seq !== seq) throw new EventNotFoundError(seq, event?.seq ?? null);
    return event;
  }
}
