import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Collects all garbage; weak references to it are empty then. */
export async function collectGarbage(): Promise<void> {
  // A weak reference holds its target until the present job of the event loop is over.
  await new Promise((resolve) => setImmediate(resolve));
  collect();
}
