import type { SequencedEvent } from '../core/event.js';
import type { Confirming, EventxStorage } from '../storage/index.js';
import type { EventxSubscriber } from '../subscribe/subscriber.js';
import type { SubscriberOptions } from '../subscribe/subscriber-options.js';

/** What consumers need of a log: its runner's subscribers, which share what they read, and a fresh look at the table. */
export interface ConsumerLog<E extends SequencedEvent> {
  readonly storage: Pick<EventxStorage<E>, 'readState' | 'readFrom'> & Confirming<E>;
  subscriber(options: SubscriberOptions): EventxSubscriber<E>;
}
