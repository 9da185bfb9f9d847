/**
 * A look is slow when it takes so many ms longer than numbering what it found: then it is not the events that take the time, but the
 * search for them.
 */
const SLOW_MS = 25;
/** What a slow look may ask for, in batches. */
const FURTHEST = 16;

/** How long a look took, and numbering all that it found, in ms. */
export interface LookTimes {
  readonly look: number;
  readonly numbering: number;
}

/** By how many ms the search was too long; 0 where it was quick. */
export function slownessOf({ look, numbering }: LookTimes): number {
  const excess = look - numbering;
  return excess >= SLOW_MS ? excess : 0;
}

/**
 * For how many batches to look at once next: for twice as many while looks are slow, up to 16, and for fewer again when the search is a
 * small part of the work. One batch a look is the rule.
 */
export function nextReach(reach: number, times: LookTimes): number {
  if (slownessOf(times) > 0) return Math.min(reach * 2, FURTHEST);
  const isSmall = times.look < SLOW_MS || times.look < times.numbering / 2;
  return isSmall ? Math.max(1, reach / 2) : reach;
}
