import type { ConsumerHistory, History } from 'nestjs-eventx/testing';

import type { Transfer } from './bank.js';
import type { Cluster } from './cluster.js';
import { type ConsumerName, CONSUMERS } from './member/settings.js';

/** What each consumer promises. */
const PROMISES: Readonly<Record<ConsumerName, Pick<ConsumerHistory, 'times' | 'order'>>> = {
  plain: { times: 'at least once', order: 'log' },
  ledger: { times: 'once', order: 'log' },
  lanes: { times: 'once', order: 'key' },
  parks: { times: 'once', order: 'key' },
};

export interface Collected {
  readonly history: History;
  /** In order of the log. */
  readonly transfers: readonly Transfer[];
  readonly accounts: readonly { id: number; balance: number; version: number }[];
}

/** Reads what the database holds at the end, and puts it together with what everybody told. */
export async function collect(cluster: Cluster): Promise<Collected> {
  const rows = await cluster.query(
    'SELECT seq, uuid, type, `key`, data FROM archive ' +
      'UNION ALL SELECT seq, uuid, type, `key`, data FROM eventx_events ORDER BY seq',
  );
  const log = rows.map(({ seq, uuid, type, key, data }) => ({
    seq: seq === null ? null : Number(seq),
    uuid: String(uuid),
    key: key as string | null,
    transfer: type === 'transfer' ? (JSON.parse(String(data)) as Transfer) : undefined,
  }));
  const accounts = (await cluster.query('SELECT id, balance, version FROM accounts')).map(
    ({ id, balance, version }) => ({
      id: Number(id),
      balance: Number(balance),
      version: Number(version),
    }),
  );
  const written = await cluster.query('SELECT uuid FROM transfers');
  const consumers: Record<string, ConsumerHistory> = {};
  for (const name of CONSUMERS) consumers[name] = await consumerHistory(cluster, name);
  return {
    history: {
      transactions: cluster.recorder.transactions,
      rows: written.map(({ uuid }) => String(uuid)),
      subscribers: cluster.recorder.subscribers,
      consumers,
      log: log.map(({ transfer, ...event }) => ({
        ...event,
        ...(transfer && { versions: versionsOf(transfer) }),
      })),
      lastSeq: await cluster.lastSeq(),
      versions: Object.fromEntries(accounts.map(({ id, version }) => [`account ${id}`, version])),
    },
    transfers: log.flatMap(({ transfer }) => transfer ?? []),
    accounts,
  };
}

function versionsOf({ from, to }: Transfer): Record<string, number> {
  return { [`account ${from.id}`]: from.version, [`account ${to.id}`]: to.version };
}

async function consumerHistory(cluster: Cluster, name: ConsumerName): Promise<ConsumerHistory> {
  const effects = await cluster.query('SELECT seq FROM effects WHERE consumer = ? ORDER BY id', [
    name,
  ]);
  const parked = await cluster.query('SELECT seq FROM eventx_dead_letters WHERE consumer = ?', [
    name,
  ]);
  return {
    ...PROMISES[name],
    effects: effects.map(({ seq }) => Number(seq)),
    parked: parked.map(({ seq }) => Number(seq)),
  };
}
