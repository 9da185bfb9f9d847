import {
  type ConsumerDeclaration,
  type ConsumerInfo,
  type ConsumerState,
  EventxConsumers,
  EventxDeadLetters,
  type EventxEvent,
  EventxRetentionJob,
  type EventInput,
} from 'nestjs-eventx';
import type { DataSourceOptions } from 'typeorm';

import { type AppSettings, onEmptyDatabase, startApp, type TestApp } from '../app.js';
import type { Database } from '../data-sources.js';
import { until } from '../until.js';

/** Retries that no test has to wait for. */
export const AT_ONCE = { initial: 1, max: 2 };

/** An application with consumers, and what a test does with them. */
export interface ConsumerApp extends TestApp {
  readonly consumers: EventxConsumers;
  readonly letters: EventxDeadLetters<EventxEvent>;
  readonly retention: EventxRetentionJob;
  /** Declares a consumer in code. It begins with the oldest event and tries again at once, unless told otherwise. */
  consume(declaration: ConsumerDeclaration<EventxEvent>): { close(): Promise<void> };
  /** Publishes in one transaction, and waits until the events are numbered. Text is a type, or `type@key`. */
  write(...events: (string | EventInput)[]): Promise<void>;
  /** Writes `count` events of the type `n`. */
  fill(count: number): Promise<void>;
  /** Waits until the consumer is done with the event `seq`. */
  passed(consumer: string, seq: number): Promise<ConsumerInfo>;
  /** Waits until the consumer is done with everything. */
  finished(consumer: string): Promise<ConsumerInfo>;
  /** Waits until the consumer is in that state. */
  became(consumer: string, state: ConsumerState): Promise<ConsumerInfo>;
}

/** Starts an application with consumers on a database that exists. */
export async function startConsumerApp(
  database: DataSourceOptions,
  settings: AppSettings = {},
): Promise<ConsumerApp> {
  const app = await startApp(database, settings);
  const consumers = app.app.get(EventxConsumers);
  const waitFor = (name: string, what: string, done: (info: ConsumerInfo) => boolean) => {
    let info: ConsumerInfo | undefined;
    return until(
      async () => {
        info = await consumers.get(name);
        return done(info) && info;
      },
      { what: `consumer "${name}" to ${what}`, timeoutMs: 90_000 },
    ).catch((cause: unknown) => {
      throw new Error(`It is at ${JSON.stringify(info)}.`, { cause });
    }) as Promise<ConsumerInfo>;
  };
  const write = async (...events: (string | EventInput)[]) => {
    await app.dataSource.transaction((manager) => app.eventx.publish(manager, events.map(toInput)));
    await until(
      async () => {
        const sql = 'SELECT id FROM eventx_events WHERE seq IS NULL LIMIT 1';
        return (await app.dataSource.query<unknown[]>(sql)).length === 0;
      },
      { what: 'the events to be numbered', timeoutMs: 45_000 },
    );
  };
  return {
    ...app,
    consumers,
    letters: app.app.get<EventxDeadLetters<EventxEvent>>(EventxDeadLetters),
    retention: app.app.get(EventxRetentionJob),
    consume: (declaration) =>
      app.eventx.consumer({
        startFrom: 'earliest',
        ...declaration,
        retry: { backoff: AT_ONCE, ...declaration.retry },
      }),
    write,
    fill: (count) => write(...Array.from({ length: count }, () => 'n')),
    passed: (name, seq) => waitFor(name, `pass seq ${seq}`, (info) => info.offset >= seq),
    // An offset beyond the end of a log that was truncated has no lag either.
    finished: (name) =>
      waitFor(
        name,
        'finish',
        ({ offset: seq, lag }) => seq > 0 && lag === 0 && seq <= (app.runner.status.lastSeq ?? seq),
      ),
    became: (name, state) => waitFor(name, `be ${state}`, (info) => info.state === state),
  };
}

/** The same on an empty database of its own, both gone after `close`. */
export function startConsumerAppOn(
  database: Database,
  settings?: AppSettings,
): Promise<ConsumerApp> {
  return onEmptyDatabase(database, (options) => startConsumerApp(options, settings));
}

function toInput(event: string | EventInput): EventInput {
  if (typeof event !== 'string') return event;
  const [type = '', key] = event.split('@');
  return { type, key };
}
