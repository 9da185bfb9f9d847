import { types } from 'node:util';

import { quoted } from '../util/quoted.js';

/** A value that JSON would quietly change. */
export interface Loss {
  /** Where it is, e.g. `data.items[3].price`. */
  readonly path: string;
  /** What it is, what JSON makes of it and what to do, behind "is". Never the value itself. */
  readonly what: string;
}

/**
 * Looks for what `JSON.stringify` would quietly change, at any depth: numbers that are none, what is null in an array though it was not,
 * functions, and objects whose state is not in their properties. What an object with `toJSON` says of itself is believed, and a property
 * that is undefined counts as one that is not there.
 * @param data something that `JSON.stringify` takes: it has no cycles, and no more levels than the stack takes
 */
export function findLoss(data: unknown, name: string): Loss | null {
  return mayLose(data) ? firstLoss(data, name) : null;
}

/** Levels that are followed by recursion. Deeper ones, which nobody has, get the closer look, which needs no stack. */
const MOST_LEVELS = 100;

/** Whether to look more closely. Each event that is published comes here, so this is quick rather than exact. */
function mayLose(value: unknown, level = 0): boolean {
  if (typeof value !== 'object') return isLost(value);
  if (value === null) return false;
  if (level === MOST_LEVELS) return true;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const child: unknown = value[index];
      if (typeof child === 'string') continue;
      if (child === undefined || mayLose(child, level + 1)) return true;
    }
    return false;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    if (hasToJson(value)) return isInvalidDate(value);
    if (lossOfInstance(value)) return true;
  }
  // Faster than a list of the keys. That it shows inherited ones, too, only makes for a closer look.
  for (const key in value) {
    const child = (value as Record<string, unknown>)[key];
    if (typeof child !== 'string' && mayLose(child, level + 1)) return true;
  }
  return false;
}

/** Whether JSON has nothing for a primitive value, or for a function. */
function isLost(value: unknown): boolean {
  // The difference is NaN where a number is infinite or none.
  if (typeof value === 'number') return value - value !== 0;
  return typeof value === 'function' || typeof value === 'symbol';
}

/** A value, and the way to it. */
interface Place {
  readonly value: unknown;
  /** Null for the whole. */
  readonly parent: Place | null;
  readonly key: string | number;
}

/** The first loss, in the order in which JSON is written. Without recursion: there may be thousands of levels. */
function firstLoss(data: unknown, name: string): Loss | null {
  const open: Place[] = [{ value: data, parent: null, key: name }];
  while (open.length > 0) {
    const place = open.pop()!;
    const { value } = place;
    const what = lossOf(value, place.parent !== null && Array.isArray(place.parent.value));
    if (what !== null) return { path: pathOf(place), what };
    if (typeof value !== 'object' || value === null || hasToJson(value)) continue;
    const children: Place[] = Array.isArray(value)
      ? Array.from(value as unknown[], (child, key) => ({ value: child, parent: place, key }))
      : Object.entries(value as Record<string, unknown>).map(([key, child]) => ({
          value: child,
          parent: place,
          key,
        }));
    while (children.length > 0) open.push(children.pop()!);
  }
  return null;
}

/** @param inArray whether it has a place that JSON must fill */
function lossOf(value: unknown, inArray: boolean): string | null {
  const becomes = inArray ? 'turns into null' : 'leaves out';
  switch (typeof value) {
    case 'undefined':
      return inArray ? 'undefined in an array, which JSON turns into null' : null;
    case 'number':
      return isLost(value) ? `${value}, which JSON turns into null` : null;
    case 'function':
    case 'symbol':
      return `a ${typeof value}, which JSON ${becomes}`;
    case 'object':
      if (value === null || Array.isArray(value)) return null;
      if (hasToJson(value)) {
        return isInvalidDate(value) ? 'an invalid Date, which JSON turns into null' : null;
      }
      return lossOfInstance(value);
    default:
      return null;
  }
}

/** What JSON cannot hold, and what to do about it. */
const KINDS: readonly (readonly [is: (value: unknown) => boolean, hint: string])[] = [
  [types.isMap, 'make an object of it, Object.fromEntries(…)'],
  [types.isSet, 'make an array of it, [...set]'],
  [types.isPromise, 'await it first'],
  [(value) => value instanceof Error || types.isNativeError(value), 'publish its message'],
  [types.isBoxedPrimitive, 'publish the primitive value'],
  [
    (value) => ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value),
    'publish bytes as the whole data, a Uint8Array, or make an array or base64 text of it',
  ],
];

/** Why an object that is no array and has no `toJSON` would lose its state; null where its properties are all there is. */
function lossOfInstance(value: object): string | null {
  const isBuiltIn = Object.prototype.toString.call(value) !== '[object Object]';
  const hasProperties = Object.keys(value).length > 0;
  // An instance of somebody's class with properties is what they say.
  if (!isBuiltIn && (hasProperties || isBare(value))) return null;
  const known = isBuiltIn ? KINDS.find(([is]) => is(value)) : undefined;
  if (!known && hasProperties) return null;
  const hint = known?.[1] ?? 'give its class a method toJSON()';
  return `${nameOf(value)}, of which JSON does not keep the state: ${hint}`;
}

/** Whether there is nothing but an empty object: one without properties, of a class that adds nothing but its name. */
function isBare(value: object): boolean {
  if (Object.getOwnPropertyNames(value).length > 0) return false;
  let prototype = Object.getPrototypeOf(value) as object | null;
  while (prototype && Object.getPrototypeOf(prototype) !== null) {
    if (Reflect.ownKeys(prototype).some((key) => key !== 'constructor')) return false;
    prototype = Object.getPrototypeOf(prototype) as object | null;
  }
  return true;
}

function hasToJson(value: object): boolean {
  return typeof (value as { toJSON?: unknown }).toJSON === 'function';
}

function isInvalidDate(value: object): boolean {
  return types.isDate(value) && Number.isNaN(value.getTime());
}

function nameOf(value: object): string {
  const name: unknown = (value.constructor as { name?: unknown } | undefined)?.name;
  return typeof name === 'string' && /^[\w$]{1,100}$/.test(name) ? `a ${name}` : 'an object';
}

/** Longest path of a message, in steps from its end. */
const SHOWN_STEPS = 20;

function pathOf(place: Place): string {
  const steps: string[] = [];
  let at: Place = place;
  while (at.parent && steps.length < SHOWN_STEPS) {
    steps.push(stepOf(at.key));
    at = at.parent;
  }
  const start = at.parent ? '…' : String(at.key);
  return start + steps.reverse().join('');
}

function stepOf(key: string | number): string {
  if (typeof key === 'number') return `[${key}]`;
  return /^[A-Za-z_$][\w$]{0,99}$/.test(key) ? `.${key}` : `[${quoted(key)}]`;
}
