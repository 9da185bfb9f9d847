import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

import { envelopeOf } from '../event/envelope-of.js';
import { EventDecodeError, EventxError } from '../errors.js';
import type { SequencedEvent } from '../event/event.js';
import { describeError } from '../util/logger.js';
import type { EventxSubscriber } from '../log/subscriber.js';
import type { RawResponse } from './open-requests.js';

/** A stream without events says so often that it is alive, in ms. */
const HEARTBEAT_MS = 15_000;

/**
 * Streams events to a browser, or to whoever understands server-sent events: `id` is the seq, `data` the event as JSON. What this
 * library has to say about the log (a position that is gone, a truncation) comes as an event of the type `eventx-error`, the last one.
 * An event of the log that cannot be decoded comes as one of the type `eventx-undecodable`, and the stream goes on behind it.
 * Ends when the client goes or the application shuts down.
 */
export async function sendEvents<E extends SequencedEvent>(
  response: RawResponse,
  subscriber: EventxSubscriber<E>,
  closed: AbortSignal,
): Promise<void> {
  response.hijack?.();
  const out = response.raw ?? response;
  out.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  });
  out.flushHeaders();
  const heartbeat = setInterval(() => {
    if (!out.writableNeedDrain) out.write(': \n\n');
  }, HEARTBEAT_MS);
  try {
    for await (const event of subscriber.events(closed)) {
      await write(out, messageOf(event), closed);
    }
  } catch (error) {
    if (error instanceof EventxError) {
      const { code, message } = error;
      out.write(`event: eventx-error\ndata: ${JSON.stringify({ code, message })}\n\n`);
    }
  } finally {
    clearInterval(heartbeat);
    out.end();
  }
}

/** One that cannot be decoded must not end the stream: whoever resumes it would come back to the same event, for ever. */
function messageOf(event: SequencedEvent): string {
  const { seq } = event;
  try {
    return `id: ${seq}\ndata: ${JSON.stringify(event)}\n\n`;
  } catch (error) {
    const { type, key } = envelopeOf(event);
    const { code, message } = asDecodeError(seq, error);
    const problem = JSON.stringify({ seq, type, key, code, message });
    return `id: ${seq}\nevent: eventx-undecodable\ndata: ${problem}\n\n`;
  }
}

function asDecodeError(seq: number, error: unknown): EventxError {
  if (error instanceof EventxError) return error;
  // Nested deeper than JSON.stringify can follow, or the application's own entity.
  return new EventDecodeError(`Event ${seq} cannot be written as JSON: ${describeError(error)}`);
}

/** A reader that is slow is waited for, not buffered for. */
async function write(out: ServerResponse, text: string, closed: AbortSignal): Promise<void> {
  if (!out.write(text)) await once(out, 'drain', { signal: closed });
}
