import type { Nemesis } from './nemesis.js';

/** A proxy sends what is read to a replica, which falls behind. */
export const splitReads: Nemesis = {
  name: 'reads from a replica',
  hurts: 'reads',
  needs: 'replica',
  strike: ({ replica }, random) => replica!.answer(random.between(500, 3000)),
};
