import type { StandardSchemaV1 } from '@standard-schema/spec';

import { freezePlain } from './deep-freeze.js';
import { assertHeaders, checkInput, type EventInput } from './envelope.js';
import { EventDecodeError, EventxOptionsError, EventxPublishError } from '../errors.js';
import { EventxEvent } from './eventx-event.js';
import type { EventxLogger } from '../util/logger.js';
import { nearest } from '../util/nearest.js';
import { quoted } from '../util/quoted.js';

/** Header that says in which version of its type a payload is. Absent means 1. */
export const SCHEMA_VERSION = 'schema-version';

/** What is known of one type of event. */
export interface EventTypeDefinition {
  /** Checks payloads, when they are published and when they are consumed; any Standard Schema validator (zod, valibot, arktype, …). */
  readonly schema?: StandardSchemaV1;
  /** Version of the payload that is published now. @default 1 */
  readonly version?: number;
  /** Brings an older payload one version up: `upcast[1]` makes version 2 of version 1. It may change the payload it gets. */
  readonly upcast?: Readonly<Record<number, (data: unknown) => unknown>>;
}

export type EventTypeDefinitions = Readonly<Record<string, EventTypeDefinition>>;

/** What to do with events of a type that is not among those that are declared. */
export type UnknownTypes = 'allow' | 'refuse';

/** How `EventTypes` treats what it does not know. */
export interface UnknownTypesPolicy {
  /** Of `publish`, where any type is declared. @default 'allow', with one warning for each type */
  readonly unknown?: UnknownTypes;
  /** Is warned of them. @default nobody */
  readonly logger?: EventxLogger;
}

interface Decoded {
  readonly event: EventxEvent;
  /** Whether nobody can change its payload any more. */
  readonly isFrozen: boolean;
}

/** So many types are warned of; they may come out of a program. */
const MOST_WARNINGS = 100;

/** Validation and versions of payloads. Types that are not declared pass as they are, unless they are to be refused. */
export class EventTypes {
  private readonly definitions: ReadonlyMap<string, EventTypeDefinition>;
  /** Consumers share events, so each is decoded once for all of them, where none of them can change it. */
  private readonly decoded = new WeakMap<EventxEvent, Promise<Decoded>>();
  private readonly warnedOf = new Set<string>();

  /** @throws EventxOptionsError when a version or an upcaster is missing */
  constructor(
    definitions: EventTypeDefinitions = {},
    private readonly policy: UnknownTypesPolicy = {},
  ) {
    this.definitions = new Map(Object.entries(definitions));
    for (const [type, { version = 1, upcast = {} }] of this.definitions) {
      if (!Number.isSafeInteger(version) || version < 1) {
        throw new EventxOptionsError(
          `Option "events": the version of "${type}" must be 1, 2, 3, …`,
        );
      }
      for (let from = 1; from < version; from++) {
        if (typeof upcast[from] !== 'function') {
          throw new EventxOptionsError(
            `Option "events": "${type}" is at version ${version}, but has no upcast[${from}]. The log may hold payloads of ` +
              `version ${from}.`,
          );
        }
      }
    }
  }

  /**
   * Whether events of this type may be published.
   * @throws EventxPublishError when its type is not among those that are declared, and has to be
   */
  assertKnown(input: EventInput): void {
    if (this.definitions.size === 0) return;
    checkInput(input);
    const { type } = input;
    // What is no type at all is refused with the other things that may be wrong.
    if (typeof type !== 'string' || type === '' || this.definitions.has(type)) return;
    const { unknown = 'allow', logger } = this.policy;
    if (unknown === 'refuse') {
      throw new EventxPublishError(
        `${this.notDeclared(type)} Declare it, with {} if nothing is known of it.`,
      );
    }
    if (this.warnedOf.has(type) || this.warnedOf.size >= MOST_WARNINGS) return;
    this.warnedOf.add(type);
    logger?.warn(
      `${this.notDeclared(type)} It is published all the same; unknownTypes: 'refuse' makes this an error.`,
    );
  }

  private notDeclared(type: string): string {
    const meant = nearest(type, this.definitions.keys()).map(quoted).join(' or ');
    return (
      `Event type ${quoted(type)} is not among the declared ones (option "events")` +
      (meant === '' ? '.' : `: did you mean ${meant}?`)
    );
  }

  /**
   * The event as it is to be written; at once where nothing is to be validated. Rejects, and never throws: others may be under way.
   * @throws EventxPublishError when its payload does not fit its schema
   */
  toPublish(input: EventInput): EventInput | Promise<EventInput> {
    const definition = this.definitions.get(input?.type);
    return definition ? prepare(input, definition) : input;
  }

  /**
   * The event with the payload of the present version; at once where nothing is known of its type.
   * @throws EventDecodeError when it cannot be brought there, or does not fit
   */
  toConsume(event: EventxEvent): EventxEvent | Promise<EventxEvent> {
    const definition = this.definitions.get(event.type);
    if (!definition) return event;
    const earlier = this.decoded.get(event);
    if (earlier) {
      return earlier
        .then((decoded) => (decoded.isFrozen ? decoded : decode(event, definition)))
        .then((decoded) => decoded.event);
    }
    const decoding = decode(event, definition);
    this.decoded.set(event, decoding);
    // A failure is not kept: a validator may depend on something that comes back.
    decoding.catch(() => this.decoded.delete(event));
    return decoding.then((decoded) => decoded.event);
  }
}

async function prepare(
  input: EventInput,
  { schema, version = 1 }: EventTypeDefinition,
): Promise<EventInput> {
  checkInput(input);
  // All of it now: the caller may go on to change it.
  const { type, key, data, headers: given } = input;
  const fail = (issues: string): never => {
    throw new EventxPublishError(
      `Event ${quoted(type)}: its data does not fit its schema: ${issues}.`,
    );
  };
  assertHeaders(type, given);
  const headers = version === 1 ? given : { ...given, [SCHEMA_VERSION]: `${version}` };
  return {
    type,
    key,
    data: schema ? await validated(schema, data, fail) : data,
    ...(headers && { headers }),
  };
}

async function decode(
  event: EventxEvent,
  { schema, version = 1, upcast = {} }: EventTypeDefinition,
): Promise<Decoded> {
  const fail = (why: string): never => {
    throw new EventDecodeError(`Event ${event.seq} (type ${quoted(event.type)}): ${why}.`);
  };
  const stored = Number(event.headers[SCHEMA_VERSION] ?? 1);
  if (!Number.isSafeInteger(stored) || stored < 1)
    fail(`its header ${SCHEMA_VERSION} is not a version`);
  if (stored > version) {
    fail(
      `its payload is of version ${stored}, this process knows ${version}. Deploy consumers before producers`,
    );
  }
  // Theirs alone, since they may change it: some validators fill in defaults.
  let data = event.decodeAgain();
  for (let from = stored; from < version; from++) data = upcast[from]!(data);
  if (schema)
    data = await validated(schema, data, (issues) =>
      fail(`its data does not fit its schema: ${issues}`),
    );
  return { event: event.withData(data), isFrozen: freezePlain(data) };
}

/** @param refuse throws, given what does not fit; the payload itself is not in it */
async function validated(
  schema: StandardSchemaV1,
  data: unknown,
  refuse: (issues: string) => never,
): Promise<unknown> {
  const result = await schema['~standard'].validate(data);
  if (!result.issues) return result.value;
  const issues = result.issues.map(({ path, message }) => {
    const where = (path ?? [])
      .map((part) => String(typeof part === 'object' ? part.key : part))
      .join('.');
    return where === '' ? message : `${where}: ${message}`;
  });
  return refuse(issues.slice(0, 5).join('; '));
}
