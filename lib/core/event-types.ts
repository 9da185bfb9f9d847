import type { StandardSchemaV1 } from '@standard-schema/spec';

import { EventDecodeError, EventxOptionsError, EventxPublishError } from './errors.js';
import type { EventInput } from './envelope.js';
import { EventxEvent } from './eventx-event.js';
import { quoted } from './quoted.js';

/** Header that says in which version of its type a payload is. Absent means 1. */
export const SCHEMA_VERSION = 'schema-version';

/** What is known of one type of event. */
export interface EventTypeDefinition {
  /** Checks payloads, when they are published and when they are consumed; any Standard Schema validator (zod, valibot, arktype, …). */
  readonly schema?: StandardSchemaV1;
  /** Version of the payload that is published now. @default 1 */
  readonly version?: number;
  /** Brings an older payload one version up: `upcast[1]` makes version 2 of version 1. */
  readonly upcast?: Readonly<Record<number, (data: unknown) => unknown>>;
}

export type EventTypeDefinitions = Readonly<Record<string, EventTypeDefinition>>;

/** Validation and versions of payloads. Types that are not defined pass as they are. */
export class EventTypes {
  private readonly definitions: ReadonlyMap<string, EventTypeDefinition>;
  /** Consumers share events, so each is decoded once for all of them. */
  private readonly decoded = new WeakMap<EventxEvent, Promise<EventxEvent>>();

  /** @throws EventxOptionsError when a version or an upcaster is missing */
  constructor(definitions: EventTypeDefinitions = {}) {
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
   * The event as it is to be written; at once where nothing is to be validated.
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
    let decoded = this.decoded.get(event);
    if (!decoded) {
      decoded = decode(event, definition);
      this.decoded.set(event, decoded);
      // A failure is not kept: a validator may depend on something that comes back.
      decoded.catch(() => this.decoded.delete(event));
    }
    return decoded;
  }
}

async function prepare(
  input: EventInput,
  { schema, version = 1 }: EventTypeDefinition,
): Promise<EventInput> {
  const fail = (issues: string): never => {
    throw new EventxPublishError(
      `Event ${quoted(input.type)}: its data does not fit its schema: ${issues}.`,
    );
  };
  const data = schema ? await validated(schema, input.data, fail) : input.data;
  const headers =
    version === 1 ? input.headers : { ...input.headers, [SCHEMA_VERSION]: `${version}` };
  return { ...input, data, ...(headers && { headers }) };
}

async function decode(
  event: EventxEvent,
  { schema, version = 1, upcast = {} }: EventTypeDefinition,
): Promise<EventxEvent> {
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
  let { data } = event;
  for (let from = stored; from < version; from++) data = upcast[from]!(data);
  if (schema)
    data = await validated(schema, data, (issues) =>
      fail(`its data does not fit its schema: ${issues}`),
    );
  return event.withData(data);
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
