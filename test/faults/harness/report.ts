import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { RunResult } from './run.js';

const MOST_SHOWN = 20;

/** What a run did, for people. */
export function describeRun(result: RunResult): string {
  const { struck, history, transfers, lostAnswers, staleReads, replayed, deleted } = result;
  const { transactions, subscribers, consumers = {}, lastSeq } = history;
  const count = (outcome: string) =>
    number(transactions.filter((transaction) => transaction.outcome === outcome).length);
  const rows = new Set(history.rows);
  const happened = transactions.filter(
    ({ outcome, uuids }) => outcome === 'unknown' && rows.has(uuids[0]!),
  );
  const effects = Object.entries(consumers).map(([name, { effects: all, times }]) => {
    const repeats = all.length - new Set(all).size;
    return `${name} ${number(all.length)} effects (${times}${repeats ? `, ${number(repeats)} again` : ''})`;
  });
  return [
    `Injected: ${[...struck].map(([name, times]) => `${times} × ${name}`).join(', ')}; ${number(lostAnswers)} answers to commits lost` +
      `${staleReads === null ? '' : `, ${number(staleReads)} reads answered by a replica that was behind`}.`,
    `Written: ${count('committed')} transactions committed, ${count('rolled back')} rolled back, ` +
      `${count('unknown')} unknown to their writers (${number(happened.length)} of them had happened).`,
    `Checked: ${number(lastSeq)} events, ${number(deleted)} of them deleted by retention meanwhile; ` +
      `${number(transfers.length)} transfers replayed; ${Object.keys(subscribers).length} subscribers.`,
    `Consumers: ${effects.join(', ')}; ${number(replayed)} dead letters replayed.`,
  ].join('\n');
}

/** The verdict; what is wrong, when something is. */
export function verdict(
  { history, violations }: RunResult,
  { seed, command }: { seed: number; command: string },
): string {
  if (violations.length === 0) return `Verdict (seed ${seed}): nothing is wrong.`;
  const folder = join(tmpdir(), 'eventx-faults');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `history-${seed}.json`);
  writeFileSync(file, JSON.stringify({ violations, history }, null, 1));
  return [
    `Verdict (seed ${seed}): ${number(violations.length)} VIOLATIONS`,
    ...violations.slice(0, MOST_SHOWN).map((violation) => `  ${violation}`),
    `The history is in ${file}. The same faults again: ${command}`,
  ].join('\n');
}

function number(value: number): string {
  return value.toLocaleString('en');
}
