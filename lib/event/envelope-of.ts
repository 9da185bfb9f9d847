import type { SequencedEvent } from './event.js';

/** What consumers route and park by. */
export interface Envelope {
  readonly type: string | null;
  readonly key: string | null;
  readonly uuid: string | null;
}

/** The envelope of any event; null where an application's own entity has no such property. */
export function envelopeOf(event: SequencedEvent): Envelope {
  const { type, key, uuid } = event as Partial<Record<keyof Envelope, unknown>>;
  return { type: text(type), key: text(key), uuid: text(uuid) };
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
