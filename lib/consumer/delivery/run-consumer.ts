import type { SequencedEvent } from '../../event/event.js';
import type { ConsumerLog } from '../ownership/consumer-log.js';
import type { ConsumerRun } from './consumer-run.js';
import { plainDelivery, transactionalDelivery } from './deliver.js';
import { OrderedWorker } from './ordered-worker.js';
import { KeyedWorkers } from './keyed-workers.js';
import { SingleWorker } from './single-worker.js';
import { OffsetProgress } from './progress.js';
import { assertNotTruncated } from './truncation.js';
import { unlimited } from '../../util/abortable.js';

/** Works through batches of events. */
interface Processor<E> {
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
  log: ConsumerLog<E>,
): Promise<void> {
  const { lease, consumer, stop, abort, store } = run;
  // Whatever this run does: the last one may have had lanes.
  const done = await store.handledAhead(lease);
  await assertNotTruncated(log.storage, lease, done);
  const broken = new AbortController();
  const processor = await createProcessor(run, done, broken);
  const { count: fetchLimit, bytes: sizeLimit } = consumer.options.limits;
  const subscriber = log.subscriber({ from: lease.offset + 1, fetchLimit, sizeLimit });
  const end = AbortSignal.any([stop, abort, broken.signal]);
  try {
    for (;;) {
      const batch = await subscriber.fetch(end);
      await processor.process(batch);
      if (end.aborted) break;
    }
  } catch (error) {
    if (!end.aborted) {
      // What other lanes have done still counts.
      await processor.drain().catch(() => undefined);
      throw error;
    }
  }
  abort.throwIfAborted();
  await processor.drain();
}

async function createProcessor<E extends SequencedEvent, M>(
  run: ConsumerRun<E, M>,
  done: readonly number[],
  broken: AbortController,
): Promise<Processor<E>> {
  const { consumer, store } = run;
  const { transactional, concurrency, retry } = consumer.options;
  const createDelivery = transactional ? transactionalDelivery<E, M> : plainDelivery<E, M>;
  const blocked = new Set(
    retry.afterRetries === 'park-key' ? await store.blockedKeys(consumer.name) : [],
  );
  if (concurrency > 1) {
    // When one lane cannot go on, the others begin nothing new, nor do they wait for another attempt.
    const stop = AbortSignal.any([run.stop, broken.signal]);
    return new KeyedWorkers(
      { ...run, stop: unlimited(stop) },
      createDelivery,
      blocked,
      new Set(done),
      () => broken.abort(),
    );
  }
  const progress = new OffsetProgress<E, M>(run);
  const inOrder = new OrderedWorker(run, createDelivery(run, progress), progress, blocked);
  return new SingleWorker(run, inOrder, progress, new Set(done));
}
