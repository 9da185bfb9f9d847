import { afterEach } from '@jest/globals';

type Undo = () => Promise<unknown> | void;

/** Gives a function that takes what is to be undone after the test, the last first. */
export function cleanUpAfterEach(): (undo: Undo) => void {
  const pending: Undo[] = [];
  afterEach(async () => {
    for (let undo = pending.pop(); undo; undo = pending.pop()) await undo();
  });
  return (undo) => void pending.push(undo);
}
