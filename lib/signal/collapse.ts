import type { Clock } from '../util/clock.js';

/** How often hints from outside are passed on, in ms, however many come: each costs the database a look. */
const COLLAPSE_MS = 5;

/**
 * Passes the first call on at once, and those that follow within 5 ms as a single one at the end of that time: whoever floods it
 * causes 200 calls a second and no more.
 */
export function collapse(call: () => void, clock: Clock): () => void {
  let resting = false;
  let again = false;
  const pass = () => {
    resting = true;
    again = false;
    clock.after(COLLAPSE_MS, () => {
      resting = false;
      if (again) pass();
    });
    call();
  };
  return () => {
    if (resting) again = true;
    else pass();
  };
}
