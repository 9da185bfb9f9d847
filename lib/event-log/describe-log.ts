import type { Role } from './event-log-options.js';

/** A consumer of this process, for people. */
export interface DescribedConsumer {
  readonly name: string;
  /** Its handlers, e.g. `Mailer.confirm ← order.placed`. */
  readonly handlers: readonly string[];
}

/** What runs, in one line. */
export function describeLog(
  where: string,
  roles: ReadonlySet<Role>,
  consumers: readonly DescribedConsumer[],
): string {
  const does = roles.size === 0 ? 'nothing runs here (option "run")' : [...roles].join(', ');
  const line = `Log ${where}: ${does}`;
  if (!roles.has('consume')) return `${line}.`;
  const list = consumers.map(({ name, handlers }) => `${name} (${handlers.join('; ')})`);
  return `${line}; consumers: ${list.length > 0 ? list.join(', ') : 'none'}.`;
}

/** One handler. @param where `Class.method`, if it is known */
export function describeHandler(types: readonly string[], where?: string): string {
  const taken = types.includes('*') ? 'all events' : types.join(', ');
  return where === undefined ? taken : `${where} ← ${taken}`;
}
