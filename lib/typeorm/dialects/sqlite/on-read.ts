/**
 * Calls `seen` whenever a property of `target` is read.
 *
 * @param written called with each new value
 */
export function onRead(
  target: object,
  property: string,
  seen: () => void,
  written: (value: unknown) => void = () => {},
): void {
  let value: unknown = Reflect.get(target, property);
  Object.defineProperty(target, property, {
    configurable: true,
    enumerable: true,
    get() {
      seen();
      return value;
    },
    set(newValue: unknown) {
      if (newValue === value) return;
      value = newValue;
      written(newValue);
    },
  });
}
