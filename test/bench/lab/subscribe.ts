import type { EventxEvent, SubscriberOptions } from 'nestjs-eventx';

import type { BenchApp } from './app.js';

/** Reads on until `count` events have come. @returns how many, which may be a few more */
export async function receive(
  { eventx }: Pick<BenchApp, 'eventx'>,
  count: number,
  options: SubscriberOptions = {},
): Promise<number> {
  const subscriber = eventx.subscriber(options);
  let received = 0;
  while (received < count) received += (await subscriber.fetch()).length;
  return received;
}

/** A subscriber in the background. */
export interface Follower {
  stop(): Promise<void>;
}

/** Hands every batch from now on to `take`, which must not wait. */
export function follow(
  { eventx }: Pick<BenchApp, 'eventx'>,
  take: (batch: readonly EventxEvent[]) => void,
): Follower {
  const stopping = new AbortController();
  const subscriber = eventx.subscriber({ from: 'latest' });
  const following = (async () => {
    for (;;) take(await subscriber.fetch(stopping.signal));
  })().catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error;
  });
  return {
    stop: () => {
      stopping.abort();
      return following;
    },
  };
}
