import { setTimeout as delay } from 'node:timers/promises';

import { until } from '../../support/until.js';
import type { Cluster } from './cluster.js';
import { CONSUMERS } from './member/settings.js';

/** How long the application writes after the table was emptied, in ms; how long the log grows beyond its backup. */
const WRITING_MS = 1500;
const PATIENCE_MS = 60_000;

/** Empties the table of events while nothing runs, as retention may, and lets everybody go on. The numbers must go on, too. */
export async function emptyTable(cluster: Cluster): Promise<void> {
  const { members } = cluster;
  await members.stopAll();
  const before = await cluster.lastSeq();
  await cluster.query('DELETE FROM eventx_events');
  await members.startAll();
  await delay(WRITING_MS);
  await until(async () => (await cluster.lastSeq()) > before, {
    what: 'the log to grow again after its table was emptied',
    timeoutMs: PATIENCE_MS,
  });
}

/**
 * Puts back the log as it was some time ago, as a backup does, while everybody is ahead of it. Nobody may take the new events for
 * those that the old log had at their place. @returns who did not notice
 */
export async function restoreBackup(cluster: Cluster): Promise<string[]> {
  const { members, recorder } = cluster;
  const lastSeq = await cluster.lastSeq();
  await cluster.query('DROP TRIGGER archive');
  await cluster.query('DELETE FROM eventx_events WHERE seq > ?', [lastSeq - 10]);
  await cluster.query('UPDATE eventx_state SET last_seq = ?', [lastSeq - 10]);
  const { subscribers } = members;
  const states = () =>
    cluster.query(
      "SELECT consumer FROM eventx_offsets WHERE halted = 1 AND last_error LIKE '%truncated%'",
    );
  const noticed = async () =>
    subscribers.every((name) => recorder.lost.has(name)) &&
    (await states()).length === CONSUMERS.length;
  await until(noticed, { what: 'a restored backup to be noticed', timeoutMs: PATIENCE_MS }).catch(
    () => undefined,
  );
  const halted = (await states()).map(({ consumer }) => String(consumer));
  return [
    ...subscribers.filter((name) => !recorder.lost.get(name)?.includes('truncated')),
    ...CONSUMERS.filter((name) => !halted.includes(name)),
  ].map((name) => `G8: ${name} did not notice that the log was restored from a backup`);
}
