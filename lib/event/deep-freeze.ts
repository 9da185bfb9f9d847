/** Freezes parsed JSON, which has no cycles. Iterative: a payload may be nested deeper than the call stack. */
export function freezeJson(root: unknown): unknown {
  const open: unknown[] = [root];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== 'object' || value === null) continue;
    Object.freeze(value);
    for (const child of Object.values(value)) open.push(child);
  }
  return root;
}

/**
 * Freezes the objects and arrays that somebody's code has made, as deep as they go. Instances of classes are left as they are: a Date
 * or a Map changes though it is frozen, bytes cannot be, and a class may keep what it computes in its own properties.
 * @returns whether nothing in it can be changed any more
 */
export function freezePlain(root: unknown): boolean {
  const seen = new Set<unknown>();
  const open: unknown[] = [root];
  let whole = true;
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === 'function') whole = false;
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    if (!isPlain(value)) {
      whole = false;
      continue;
    }
    Object.freeze(value);
    for (const key of Reflect.ownKeys(value)) {
      const property = Object.getOwnPropertyDescriptor(value, key)!;
      if ('value' in property) open.push(property.value);
      // What it answers, and what it does when asked, is its own matter.
      else whole = false;
    }
  }
  return whole;
}

/** An array, or an object of no class. */
function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
