/** How much each scenario does. */
export interface Sizes {
  readonly rounds: number;
  /** Unsequenced events of one drain, by payload size. */
  readonly drain: { readonly 200: number; readonly 2048: number };
  /** Length of one measurement with writers, in ms. */
  readonly liveMs: number;
  /** Rows of the log that is read from its beginning, by payload size. */
  readonly catchUp: { readonly 200: number; readonly 2048: number };
  /** Events handed to each subscriber, and how many subscribers there are. */
  readonly fanOut: { readonly events: number; readonly subscribers: readonly number[] };
  /** Events for each kind of consumer. */
  readonly consume: {
    readonly plain: number;
    readonly batch: number;
    readonly transactional: number;
    readonly lanes: number;
  };
  /** Numbered rows that are there already, and the backlog, of the scenario about growth. */
  readonly growth: { readonly rows: readonly number[]; readonly backlog: number };
  /** Transactions of one publishing measurement, with one event and with a hundred. */
  readonly publish: { readonly single: number; readonly hundred: number };
  readonly replicas: readonly number[];
  /** How long replicas are watched doing nothing, in ms. */
  readonly idleMs: number;
  /** Events of the embedded database's drain. */
  readonly embedded: number;
  /** Events of the measurement in memory. */
  readonly memory: number;
}

export const SIZES = {
  usual: {
    rounds: 3,
    drain: { 200: 200_000, 2048: 60_000 },
    liveMs: 3000,
    catchUp: { 200: 1_000_000, 2048: 100_000 },
    fanOut: { events: 20_000, subscribers: [1, 10, 100, 1000] },
    consume: { plain: 100_000, batch: 300_000, transactional: 10_000, lanes: 5000 },
    growth: { rows: [10_000, 1_000_000], backlog: 1_000_000 },
    publish: { single: 1500, hundred: 100 },
    replicas: [1, 2, 4],
    idleMs: 3000,
    embedded: 50_000,
    memory: 4_000_000,
  },
  full: {
    rounds: 5,
    drain: { 200: 200_000, 2048: 200_000 },
    liveMs: 5000,
    catchUp: { 200: 1_000_000, 2048: 200_000 },
    fanOut: { events: 40_000, subscribers: [1, 10, 100, 1000] },
    consume: { plain: 200_000, batch: 500_000, transactional: 20_000, lanes: 10_000 },
    growth: { rows: [10_000, 1_000_000, 10_000_000], backlog: 1_000_000 },
    publish: { single: 4000, hundred: 200 },
    replicas: [1, 2, 4],
    idleMs: 5000,
    embedded: 100_000,
    memory: 10_000_000,
  },
  /** Only shows that everything still runs; its times say nothing. */
  tiny: {
    rounds: 1,
    drain: { 200: 300, 2048: 100 },
    liveMs: 100,
    catchUp: { 200: 2000, 2048: 200 },
    fanOut: { events: 100, subscribers: [1, 10] },
    consume: { plain: 200, batch: 200, transactional: 50, lanes: 50 },
    growth: { rows: [100, 1000], backlog: 1000 },
    publish: { single: 10, hundred: 2 },
    replicas: [1, 2],
    idleMs: 200,
    embedded: 200,
    memory: 20_000,
  },
} as const satisfies Record<string, Sizes>;

export type SizeName = keyof typeof SIZES;
