import type { SequencedEvent } from '../../event/event.js';
import type { Confirming, EventxStorage } from '../../storage/index.js';
import type { EventxSubscriber } from '../../log/subscriber.js';
import type { SubscriberOptions } from '../../log/subscriber-options.js';

/** What consumers need of a log: its runner's subscribers, which share what they read, and a fresh look at the table. */
export interface ConsumerLog<E extends SequencedEvent> {
  readonly storage: Pick<EventxStorage<E>, 'readState' | 'read'> & Confirming<E>;
  subscriber(options: SubscriberOptions): EventxSubscriber<E>;
}
