import type { SequencedEvent } from '../event/event.js';
import type { EventxSubscriber } from '../log/subscriber.js';
import type { SubscriberOptions } from '../log/subscriber-options.js';
import type { Confirming, EventxStorage } from '../storage/index.js';
import type { Clock } from '../util/clock.js';
import type { EventxLogger } from '../util/logger.js';
import type { ResolvedConsumerProcessOptions } from './ownership/supervisor-options.js';

/** What consumers need of a log: its runner's subscribers, which share what they read, and a fresh look at the table. */
export interface ConsumerLog<E extends SequencedEvent> {
  readonly storage: Pick<EventxStorage<E>, 'readState' | 'read'> & Confirming<E>;
  subscriber(options: SubscriberOptions): EventxSubscriber<E>;
}

/** What all consumers of one process share. */
export interface ConsumerProcess<E extends SequencedEvent> {
  /** Which process this is, unique for each start. */
  readonly owner: string;
  readonly log: ConsumerLog<E>;
  readonly options: ResolvedConsumerProcessOptions;
  readonly logger: EventxLogger;
  readonly clock: Clock;
  /** A number in [0, 1). */
  readonly random: () => number;
}
