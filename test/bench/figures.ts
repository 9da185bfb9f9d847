import { median, ratios, spread } from './statistics.js';

export type Unit =
  | 'events/s'
  | 'commits/s'
  | 'deliveries/s'
  | 'queries/s'
  | 'queries'
  | 'events'
  | 'ms'
  | 'MB'
  | 'bytes';

/** What a figure is to reach. */
export interface Goal {
  /** At least this share of the reference. */
  readonly ratio?: number;
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** One measured quantity: a sample a round, and what was measured beside it in the same rounds. */
export interface Figure {
  /** The letter of its scenario. */
  readonly scenario: string;
  readonly name: string;
  readonly unit: Unit;
  readonly samples: readonly number[];
  readonly reference?: { readonly name: string; readonly samples: readonly number[] };
  readonly goal?: Goal;
}

/** A figure boiled down to what is printed. */
export interface Summary {
  readonly value: number;
  /** Relative: 0.05 is ± 5 %. */
  readonly spread: number;
  readonly ratio: number | null;
  /** Null where there is no goal. */
  readonly reached: boolean | null;
}

export function summarize({ samples, reference, goal }: Figure): Summary {
  const value = median(samples);
  const ratio = reference ? median(ratios(samples, reference.samples)) : null;
  return {
    value,
    spread: spread(samples),
    ratio,
    reached: goal ? meets(goal, value, ratio) : null,
  };
}

function meets(goal: Goal, value: number, ratio: number | null): boolean {
  return (
    (ratio ?? Infinity) >= (goal.ratio ?? 0) &&
    value >= (goal.atLeast ?? -Infinity) &&
    value <= (goal.atMost ?? Infinity)
  );
}
