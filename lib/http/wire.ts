import { EventxEvent } from '../event/eventx-event.js';
import type { LogState } from '../storage/index.js';

/** An event as it travels: the row as it is stored. */
export interface WireEvent {
  readonly seq: number;
  readonly id: number;
  readonly uuid: string;
  readonly type: string;
  readonly key: string | null;
  readonly headers: string | null;
  /** Base64. */
  readonly data: string;
  /** ms since 1970. */
  readonly createdAt: number;
}

export function toWire({ seq, stored }: EventxEvent): WireEvent {
  const { id, uuid, type, key, headers, data, createdAt } = stored;
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return { seq, id, uuid, type, key, headers, data: bytes.toString('base64'), createdAt };
}

/** @throws Error when what came are no events */
export function eventsFromWire(answer: unknown): EventxEvent[] {
  const { events } = asRecord(answer);
  if (!Array.isArray(events)) throw notALog();
  return events.map(fromWire);
}

/** @throws Error when what came is no state */
export function stateFromWire(answer: unknown): LogState {
  const { lastSeq, logId } = asRecord(answer);
  if (!isCount(lastSeq) || typeof logId !== 'string') throw notALog();
  return { lastSeq, logId };
}

function fromWire(wire: unknown): EventxEvent {
  const { seq, id, uuid, type, key, headers, data, createdAt } = asRecord(wire);
  if (!isCount(seq) || !isCount(id) || !isCount(createdAt)) throw notALog();
  if (typeof uuid !== 'string' || typeof type !== 'string' || typeof data !== 'string') {
    throw notALog();
  }
  if (!isTextOrNull(key) || !isTextOrNull(headers)) throw notALog();
  const bytes = Buffer.from(data, 'base64');
  return new EventxEvent(seq, { id, uuid, type, key, headers, data: bytes, createdAt });
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw notALog();
  return value as Record<string, unknown>;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}

/** What came is not what a log sends. */
export function notALog(): Error {
  return new Error(
    'The remote log sent something else than a log. Is eventxStreamController mounted at that "url", in the same version?',
  );
}
