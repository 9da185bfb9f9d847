export type Class = abstract new (...args: never[]) => unknown;

/** Classes with decorated methods, in the order in which they were declared. Weak: tests declare classes by the dozen. */
let declared: WeakRef<Class>[] = [];
/** The names of their decorated methods. */
const methods = new WeakMap<Class, Set<string>>();
/** Those that an application of this process provides or provided, and those that were spoken of. */
const settled = new WeakSet<Class>();

/** Remembers a method that was decorated. */
export function rememberDecorated(type: Class, method: string): void {
  const names = methods.get(type);
  if (names) return void names.add(method);
  methods.set(type, new Set([method]));
  declared.push(new WeakRef(type));
}

/**
 * The decorated methods, as `Class.method`, that no application of this process has ever had, and that were not named before.
 * @param isProvided whether the present application has this class, or one that extends it
 */
export function orphanedHandlers(isProvided: (type: Class) => boolean): string[] {
  declared = declared.filter((reference) => reference.deref() !== undefined);
  return declared.flatMap((reference) => {
    const type = reference.deref();
    if (!type || settled.has(type)) return [];
    settled.add(type);
    if (isProvided(type)) return [];
    return [...methods.get(type)!].map((method) => `${type.name}.${method}`);
  });
}
