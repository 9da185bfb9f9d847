import {
  type ConsumerProcessOptions,
  type ResolvedConsumerProcessOptions,
  resolveConsumerProcessOptions,
} from '../consumer/ownership/supervisor-options.js';
import { integerOption, refuseUnknownOptions } from '../util/checks.js';
import { EventxOptionsError } from '../errors.js';
import type { PendingEvent, SequencedEvent } from '../event/event.js';
import type { EventTypeDefinitions, UnknownTypes } from '../event/event-types.js';
import { resolveRetentionOptions, type RetentionOptions } from '../retention/retention-options.js';
import {
  resolveRunnerOptions,
  RUNNER_OPTION_NAMES,
  type RunnerOptions,
} from '../log/runner-options.js';
import type { SignalTransport } from '../signal/signal-transport.js';
import type { ConsumerStore, DeadLetterStore, EventxStorage } from '../storage/index.js';
import { UNSAFE_SETTINGS, type UnsafeSetting } from '../typeorm/dialects/index.js';
import type { EventEntityClass } from '../typeorm/mapping/entity-mapping.js';
import type { TableOptions } from '../typeorm/tables.js';

/** A storage of the application's own. */
export interface OwnStorage extends EventxStorage<SequencedEvent, PendingEvent> {
  /**
   * Where consumers keep their places; without it they need `offsets` of their own, or `broadcast`. What handlers get as
   * `context.manager` is what this store gives them.
   */
  readonly consumers?: ConsumerStore<SequencedEvent>;
  /** Where the events are that consumers have parked, for `deadLetters`. */
  readonly deadLetters?: DeadLetterStore<SequencedEvent>;
}

/** What a process can do for a log. */
export type Role = 'sequence' | 'consume';
const ROLES: readonly Role[] = ['sequence', 'consume'];

/** How a log runs in a process. All optional; the runner's options are `RunnerOptions`. */
export interface EventxModuleOptions extends Omit<RunnerOptions, 'sequence'> {
  /**
   * What this process does beside publishing: everything, nothing, or some of it. `'sequence'`: number events, and delete by retention.
   * `'consume'`: run consumers. Subscribers are served unless it is `false` or empty.
   * @default true
   */
  readonly run?: boolean | readonly Role[];
  /** Where else to send a hint after each commit that published, for processes that sequence the log. @default [] */
  readonly signals?: readonly SignalTransport[];
  /** How long to try at startup while the database does not answer, in ms. @default 30000 */
  readonly startupTimeout?: number;
  /** Whether to bring the schema up to date at startup. @default true, except where NODE_ENV is 'production' */
  readonly migrate?: boolean;
  /** Largest payload with its headers, in bytes; at most 16 MiB. @default 1048576 (1 MiB) */
  readonly maxPayloadBytes?: number;
  /** How long to wait for one operation of the database before its connection is given up, in ms. @default 10000 */
  readonly queryTimeout?: number;
  /**
   * Most connections that the log opens beside the application's pool, for all that is its own: numbering, reading, offsets, leases,
   * retention. One is enough, for databases that take few; a process at rest holds one. The doctor opens another while it looks.
   * @default 4
   */
  readonly connections?: number;
  /** Properties of the server to overlook at startup, by the names that the errors give. @default [] */
  readonly allowUnsafe?: readonly UnsafeSetting[];
  /** How consumers are leased, and how they end. */
  readonly consumers?: ConsumerProcessOptions;
  /** What is deleted, and when. @default nothing */
  readonly retention?: RetentionOptions;
  /** Validation and versions of payloads, by type of event. @default {} */
  readonly events?: EventTypeDefinitions;
  /**
   * What becomes of events that are published though their type is not among `events`: `'allow'` warns once for each type.
   * @default 'allow'
   */
  readonly unknownTypes?: UnknownTypes;
  /** A storage of the application's own, in place of the tables; `publish` is then the application's matter, too. */
  readonly storage?: OwnStorage;
}

/** Where a log is kept. */
export interface LogPlace {
  /** Names of the tables. */
  readonly tables?: TableOptions;
  /** The application's own entity for events, with at least `id`, `seq` and `size`. */
  readonly entity?: EventEntityClass;
}

/** The options, checked and filled. */
export interface ResolvedOptions {
  readonly roles: ReadonlySet<Role>;
  readonly signals: readonly SignalTransport[];
  readonly startupTimeout: number;
  readonly migrate: boolean;
  readonly maxPayloadBytes: number;
  readonly queryTimeout: number;
  readonly connections: number;
  readonly allowUnsafe: readonly UnsafeSetting[];
  readonly consumers: ResolvedConsumerProcessOptions;
  /** Checked; undefined where nothing is to be deleted. */
  readonly retention: RetentionOptions | undefined;
  readonly events: EventTypeDefinitions | undefined;
  readonly unknownTypes: UnknownTypes;
  readonly storage: OwnStorage | undefined;
  readonly runner: RunnerOptions;
}

const KNOWN = [
  ...RUNNER_OPTION_NAMES.filter((name) => name !== 'sequence'),
  'run',
  'signals',
  'startupTimeout',
  'migrate',
  'maxPayloadBytes',
  'queryTimeout',
  'connections',
  'allowUnsafe',
  'consumers',
  'retention',
  'events',
  'unknownTypes',
  'storage',
] as const satisfies readonly (keyof EventxModuleOptions)[];

/** A MEDIUMBLOB holds one byte less. */
const LARGEST_PAYLOAD = 16 * 1024 * 1024 - 1;

/** Fills and checks, at startup. @throws EventxOptionsError that says which option is wrong and what it takes */
export function resolveOptions(
  options: EventxModuleOptions,
  nodeEnv: string | undefined,
): ResolvedOptions {
  if (typeof options !== 'object' || options === null) {
    throw new EventxOptionsError('EventxModule got no options. Does the factory return them?');
  }
  refuseUnknownOptions('EventxModule', options, KNOWN);
  const {
    run = true,
    signals = [],
    startupTimeout,
    migrate,
    maxPayloadBytes,
    queryTimeout,
    connections,
    allowUnsafe = [],
    consumers,
    retention,
    events,
    unknownTypes = 'allow',
    storage,
    ...runner
  } = options;
  const strange = allowUnsafe.filter((name) => !UNSAFE_SETTINGS.includes(name));
  if (strange.length > 0) {
    throw new EventxOptionsError(
      `Option "allowUnsafe" knows ${UNSAFE_SETTINGS.join(', ')}, but not ${strange.join(', ')}.`,
    );
  }
  if (!Array.isArray(signals) || !signals.every(isTransport)) {
    throw new EventxOptionsError(
      'Option "signals" must be a list of transports, such as [httpSignal({ url, secret })].',
    );
  }
  const roles = resolveRoles(run);
  resolveRunnerOptions(runner);
  if (retention) resolveRetentionOptions(retention);
  return {
    roles,
    signals,
    startupTimeout: integerOption('startupTimeout', startupTimeout, 30_000, { min: 0 }),
    migrate: migrate ?? nodeEnv !== 'production',
    maxPayloadBytes: integerOption('maxPayloadBytes', maxPayloadBytes, 1024 * 1024, {
      max: LARGEST_PAYLOAD,
    }),
    queryTimeout: integerOption('queryTimeout', queryTimeout, 10_000),
    connections: integerOption('connections', connections, 4, { max: 100 }),
    allowUnsafe,
    consumers: resolveConsumerProcessOptions(consumers),
    retention,
    events,
    unknownTypes: resolveUnknownTypes(unknownTypes, events),
    storage,
    // Whoever sets "run: false" to run it by hand wants it to number.
    runner: { ...runner, sequence: roles.size === 0 || roles.has('sequence') },
  };
}

function resolveUnknownTypes(
  unknownTypes: UnknownTypes,
  events: EventTypeDefinitions = {},
): UnknownTypes {
  if (unknownTypes !== 'allow' && unknownTypes !== 'refuse') {
    throw new EventxOptionsError(
      `Option "unknownTypes" must be 'allow' or 'refuse', but is ${JSON.stringify(unknownTypes)}.`,
    );
  }
  if (unknownTypes === 'refuse' && Object.keys(events).length === 0) {
    throw new EventxOptionsError(
      `Option "unknownTypes" is 'refuse', but no type is known: declare them with the option "events", { 'order.placed': {} }.`,
    );
  }
  return unknownTypes;
}

function isTransport(value: unknown): value is SignalTransport {
  return typeof (value as Partial<SignalTransport> | null)?.send === 'function';
}

function resolveRoles(run: boolean | readonly Role[]): ReadonlySet<Role> {
  if (typeof run === 'boolean') return new Set(run ? ROLES : []);
  const strange = run.filter((role) => !ROLES.includes(role));
  if (strange.length > 0) {
    throw new EventxOptionsError(
      `Option "run" must be true, false or a list of ${ROLES.join(', ')}, but has ${strange.join(', ')}.`,
    );
  }
  return new Set(run);
}
