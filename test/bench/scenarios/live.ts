import { interleave } from '../interleave.js';
import type { BenchApp } from '../lab/app.js';
import { Latency } from '../lab/latency.js';
import type { PayloadSize } from '../lab/payload.js';
import { follow } from '../lab/subscribe.js';
import { Writers } from '../lab/writers.js';

/** One sample a round. */
export interface LiveSamples {
  /** Commits/s. */
  readonly rate: number[];
  /** Commit → delivery, in ms. */
  readonly p50: number[];
  readonly p95: number[];
  readonly p99: number[];
  /** Events not yet delivered when the last commit was acknowledged. */
  readonly behind: number[];
}

export interface LiveOptions {
  /** The same writers on this application, for comparison. */
  readonly without?: BenchApp;
  readonly bytes?: PayloadSize;
}

/**
 * Lets writers work while a subscriber follows.
 * @param write says how many commits/s it made
 */
export async function measureLive(
  app: BenchApp,
  rounds: number,
  write: (writers: Writers) => Promise<number>,
  { without, bytes }: LiveOptions = {},
): Promise<{ live: LiveSamples; alone: number[] }> {
  const live: LiveSamples = { rate: [], p50: [], p95: [], p99: [], behind: [] };
  const { alone } = await interleave(rounds, {
    alone: async () => (without ? write(new Writers(without, bytes)) : 0),
    live: async () => {
      const latency = new Latency();
      const follower = follow(app, latency.onBatch);
      const writers = new Writers(app, bytes, latency.onCommit);
      const rate = await write(writers);
      live.behind.push(writers.count - latency.count);
      await latency.complete(writers.count);
      await follower.stop();
      live.rate.push(rate);
      for (const percent of [50, 95, 99] as const) {
        live[`p${percent}`].push(latency.percentile(percent));
      }
      return rate;
    },
  });
  return { live, alone };
}
