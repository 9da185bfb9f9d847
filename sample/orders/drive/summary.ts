import type { DriveResult, Effects } from './drive.js';
import { table } from './table.js';

/** Whether every order was placed, every event reached every subscriber once and in its place, and did its work. */
export function isFlawless({ ordered, placed, subscribers, effects }: DriveResult): boolean {
  return (
    placed === ordered &&
    subscribers.every((s) => s.missing + s.gaps + s.repeats + s.disordered === 0) &&
    effects !== null &&
    effects.consumers.every(({ behind, parked }) => behind + parked === 0) &&
    effects.stock.wrong.length === 0
  );
}

/** The result as people read it. */
export function summary(result: DriveResult): string {
  const { ordered, placed, failure, events, seconds, effects } = result;
  return [
    `${number(placed)} orders with ${number(events)} events in ${seconds.toFixed(1)} s: ${number(events / seconds)} events/s`,
    ...(failure === null
      ? []
      : [`Stopped before ${number(ordered)} orders, because one failed: ${failure}`]),
    '',
    ...subscribersTable(result),
    '',
    'p50, p99: from the acknowledged commit to the delivery.',
    '',
    ...(effects ? [...effectsTable(effects), ''] : []),
    isFlawless(result)
      ? 'PASS: every subscriber got every event once, without a gap, each order’s events in their order;\n' +
        '  every consumer handled them all, and the stock is what the log adds up to.'
      : 'FAIL: see the numbers above.',
  ]
    .map((line) => (line === '' ? '' : `  ${line}`))
    .join('\n');
}

function subscribersTable({ subscribers }: DriveResult): string[] {
  return table(
    ['subscriber', 'delivered', 'missing', 'gaps', 'repeats', 'out of order', 'p50', 'p99'],
    subscribers.map(({ name, delivered, missing, gaps, repeats, disordered, p50, p99 }) => [
      name,
      ...[delivered, missing, gaps, repeats, disordered].map(number),
      ...[p50, p99].map((ms) => (Number.isNaN(ms) ? '–' : `${ms.toFixed(1)} ms`)),
    ]),
  );
}

function effectsTable({ consumers, stock }: Effects): string[] {
  const { seq, reserved, ordered, wrong } = stock;
  return [
    ...table(
      ['consumer', 'state', 'at seq', 'behind', 'parked'],
      consumers.map(({ name, state, seq, behind, parked }) => [
        name,
        state,
        ...[seq, behind, parked].map(number),
      ]),
    ),
    '',
    `stock: ${number(reserved)} units reserved, ${number(ordered)} in the log up to seq ${number(seq)}` +
      `${wrong.length === 0 ? '' : `: they differ in ${wrong.join(', ')}`}.`,
  ];
}

function number(value: number): string {
  return Math.round(value).toLocaleString('en');
}
