import { realpathSync } from 'node:fs';
import { Turns } from './turns.js';

const turnsByFile = new Map<string, WeakRef<Turns>>();

/**
 * The turns of a database, the same for all data sources of this process that have the file open.
 *
 * With turns of its own, a second data source would have to ask SQLite again and again whether the first one has
 * finished, and could not tell that it is used inside of the other's transaction.
 */
export function turnsOfFile(database: string): Turns {
  const file = realPath(database);
  if (file === undefined) return new Turns();
  const known = turnsByFile.get(file)?.deref();
  if (known) return known;
  const turns = new Turns();
  turnsByFile.set(file, new WeakRef(turns));
  return turns;
}

/** Undefined for what is no file: a database in memory, or a URL. Each of those is a database of its own. */
function realPath(database: string): string | undefined {
  try {
    return realpathSync(database);
  } catch {
    return undefined;
  }
}
