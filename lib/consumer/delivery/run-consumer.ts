import type { SequencedEvent } from '../../event/event.js';
import type { ConsumerRun } from './consumer-run.js';
import { KeyedWorkers } from './keyed-workers.js';
import { SingleWorker } from './single-worker.js';
import { assertNotTruncated } from './truncation.js';

/** Who works through the events of a run. */
interface Workers<E> {
  /** Aborts when no further events are to be fetched. */
  readonly end: AbortSignal;
  /** Takes events up; when it resolves, the next may come. */
  process(events: readonly E[]): Promise<void>;
  /** All that is under way is done, and the offset written. */
  drain(): Promise<void>;
}

/**
 * Runs a consumer under its lease: fetch, handle, move the offset, until it is told to stop.
 * @throws whatever ended it: ConsumerHaltedError, LeaseLostError, LogTruncatedError, EventNotFoundError, or the database's errors
 */
export async function runConsumer<E extends SequencedEvent, M>(
  run: ConsumerRun<E, M>,
): Promise<void> {
  const { consumer, lease, log, abort } = run;
  const workers = await createWorkers(run);
  const { count: fetchLimit, bytes: sizeLimit } = consumer.options.limits;
  const subscriber = log.subscriber({ from: lease.offset + 1, fetchLimit, sizeLimit });
  const { end } = workers;
  try {
    for (;;) {
      const batch = await subscriber.fetch(end);
      await workers.process(batch);
      if (end.aborted) break;
    }
  } catch (error) {
    if (!end.aborted) {
      // What other workers have done still counts.
      await workers.drain().catch(() => undefined);
      throw error;
    }
  }
  abort.throwIfAborted();
  await workers.drain();
}

/** @throws LogTruncatedError, StaleReadError */
async function createWorkers<E extends SequencedEvent, M>(
  run: ConsumerRun<E, M>,
): Promise<Workers<E>> {
  const { consumer, lease, log, store } = run;
  const { concurrency, retry } = consumer.options;
  // Asked whatever the concurrency is now: the last run may have had another.
  const handled = await store.handledAhead(lease);
  await assertNotTruncated(log.storage, lease, handled);
  const blocked = retry.afterRetries === 'park-key' ? await store.blockedKeys(consumer.name) : [];
  return concurrency > 1
    ? new KeyedWorkers(run, new Set(blocked), new Set(handled))
    : new SingleWorker(run, new Set(blocked), new Set(handled));
}
