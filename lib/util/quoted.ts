/** Most characters of a name that a message shows. */
const SHOWN = 200;

/** A name that somebody else chose, for a message: in quotes, on one line whatever is in it, and not longer than a line may be. */
export function quoted(name: string): string {
  const shown = name.length > SHOWN ? `${name.slice(0, SHOWN)}…` : name;
  // What JSON does not escape: the second set of control characters, and two line breaks of Unicode.
  return JSON.stringify(shown).replace(/[\p{Cc}\u2028\u2029]/gu, ' ');
}
