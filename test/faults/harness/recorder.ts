import type { Sighting, WriterTransaction } from 'nestjs-eventx/testing';

import type { Report } from './member/settings.js';
import type { Call, Freeze } from './overlaps.js';

/** What the members told, whichever of them are still alive. */
export class Recorder {
  private readonly attempts = new Map<string, WriterTransaction>();
  private readonly seen = new Map<string, Sighting[]>();
  /** Subscribers that were told that their place in the log is gone, and why. */
  readonly lost = new Map<string, string>();
  /** Of handlers without transactions. */
  readonly calls: Call[] = [];
  readonly freezes: Freeze[] = [];

  hear({ wrote, saw, called, lost }: Report): void {
    if (wrote) this.attempts.set(wrote.uuids[0]!, wrote);
    if (saw) this.sightings(saw.name).push(...saw.events);
    if (called) this.calls.push(called);
    if (lost) this.lost.set(lost.name, lost.why);
  }

  get transactions(): readonly WriterTransaction[] {
    return [...this.attempts.values()];
  }

  get subscribers(): Readonly<Record<string, readonly Sighting[]>> {
    return Object.fromEntries(this.seen);
  }

  /** What a subscriber was given so far; it grows. */
  sightings(subscriber: string): Sighting[] {
    const known = this.seen.get(subscriber) ?? [];
    this.seen.set(subscriber, known);
    return known;
  }
}
