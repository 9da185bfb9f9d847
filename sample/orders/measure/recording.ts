import { percentile } from '../../shared/percentile.js';

export interface Delivery {
  readonly seq: number;
  readonly uuid: string;
}

interface Commit {
  /** In the order in which they were published. */
  readonly uuids: readonly string[];
  readonly at: number;
}

interface Track {
  readonly deliveries: Map<string, { readonly seq: number; readonly at: number }>;
  /** Committed, and not delivered yet. */
  readonly missing: Set<string>;
  last: number | null;
  gaps: number;
  repeats: number;
}

/** What one subscriber got of the events that were committed meanwhile. */
export interface SubscriberReport {
  readonly name: string;
  readonly delivered: number;
  readonly missing: number;
  /** Sequence numbers that were jumped over. */
  readonly gaps: number;
  readonly repeats: number;
  /** Transactions whose events came in another order than they were published in. */
  readonly disordered: number;
  /** From the acknowledgement of the commit until the delivery, in ms; a delivery may even come first, which counts as 0. */
  readonly p50: number;
  readonly p99: number;
}

/** Which events were committed and which were delivered, and when; times are in ms, of one clock. */
export class Recording {
  private readonly commits: Commit[] = [];
  private readonly tracks: ReadonlyMap<string, Track>;
  private lastDelivery = 0;

  constructor(subscribers: readonly string[]) {
    this.tracks = new Map(subscribers.map((name) => [name, newTrack()]));
  }

  committed(uuids: readonly string[], at: number): void {
    this.commits.push({ uuids, at });
    for (const track of this.tracks.values()) {
      for (const uuid of uuids) if (!track.deliveries.has(uuid)) track.missing.add(uuid);
    }
  }

  delivered(subscriber: string, { seq, uuid }: Delivery, at: number): void {
    const track = this.tracks.get(subscriber)!;
    if (track.deliveries.has(uuid) || seq <= (track.last ?? 0)) {
      track.repeats++;
      return;
    }
    if (track.last !== null) track.gaps += seq - track.last - 1;
    track.last = seq;
    track.deliveries.set(uuid, { seq, at });
    track.missing.delete(uuid);
    this.lastDelivery = at;
  }

  get isComplete(): boolean {
    return [...this.tracks.values()].every(({ missing }) => missing.size === 0);
  }

  get transactions(): number {
    return this.commits.length;
  }

  get events(): number {
    return this.commits.reduce((sum, { uuids }) => sum + uuids.length, 0);
  }

  /** When the last event reached the last subscriber. */
  get end(): number {
    return this.lastDelivery;
  }

  report(): SubscriberReport[] {
    return [...this.tracks].map(([name, track]) => this.reportOf(name, track));
  }

  private reportOf(name: string, { deliveries, missing, gaps, repeats }: Track): SubscriberReport {
    const latencies = this.commits
      .flatMap(({ uuids, at }) => uuids.map((uuid) => (deliveries.get(uuid)?.at ?? NaN) - at))
      .filter((latency) => !Number.isNaN(latency))
      .map((latency) => Math.max(0, latency))
      .sort((a, b) => a - b);
    const disordered = this.commits.filter(({ uuids }) => {
      const seqs = uuids.flatMap((uuid) => deliveries.get(uuid)?.seq ?? []);
      return seqs.some((seq, index) => index > 0 && seq < seqs[index - 1]!);
    }).length;
    return {
      name,
      delivered: latencies.length,
      missing: missing.size,
      gaps,
      repeats,
      disordered,
      p50: percentile(latencies, 50),
      p99: percentile(latencies, 99),
    };
  }
}

function newTrack(): Track {
  return { deliveries: new Map(), missing: new Set(), last: null, gaps: 0, repeats: 0 };
}
