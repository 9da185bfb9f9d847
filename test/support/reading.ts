import type { EventxEvent, EventxSubscriber, SequencedEvent } from 'nestjs-eventx';

import type { TestApp } from './app.js';

/** Fetches until there are `count` events. */
export async function take<E extends SequencedEvent>(
  subscriber: EventxSubscriber<E>,
  count: number,
): Promise<E[]> {
  const taken: E[] = [];
  while (taken.length < count) taken.push(...(await subscriber.fetch()));
  return taken;
}

/**
 * The types of all events after `seq`. It publishes an event of its own to see where they end: whatever committed before has a
 * smaller number.
 */
export async function typesAfter(log: TestApp, seq: number): Promise<string[]> {
  await log.publish('test.end');
  const subscriber = log.eventx.subscriber({ from: seq + 1 });
  const types: string[] = [];
  while (types.at(-1) !== 'test.end') types.push(...(await subscriber.fetch()).map(typeOf));
  return types.slice(0, -1);
}

const typeOf = (event: EventxEvent) => event.type;
