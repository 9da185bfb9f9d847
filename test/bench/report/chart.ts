import type { Figure } from '../figures.js';
import type { PeerResult } from '../peers/peer.js';
import { summarize } from '../figures.js';
import { median } from '../statistics.js';
import { type Bar, barChart, type Panel } from './bar-chart.js';
import { short } from './numbers.js';
import type { Results } from './results.js';

/** The picture of the documentation: the library against its floor, and against its peers, as far as they were measured. */
export function chart({ eventx, peers }: Results): string {
  const panels: Panel[] = [];
  if (peers) panels.push(peerPanel(peers.results));
  if (eventx) panels.push(...floorPanels(eventx.figures));
  return barChart('nestjs-eventx: throughput', panels);
}

const FLOOR_PANELS = [
  ['a', 'Number and deliver a backlog, events/s'],
  ['c', 'Read the log again from its start, events/s'],
] as const;

function floorPanels(figures: readonly Figure[]): Panel[] {
  return FLOOR_PANELS.map(([letter, title]) => ({
    title,
    bars: figures.filter(({ scenario }) => scenario === letter).flatMap(againstReference),
  })).filter(({ bars }) => bars.length > 0);
}

function againstReference(figure: Figure): Bar[] {
  const { value } = summarize(figure);
  const { reference } = figure;
  const label = figure.name.replace(/^[\d,]+ events, /, '');
  return [
    { label, value, text: short(value), ours: true },
    ...(reference
      ? [
          {
            label: 'bare driver loop',
            value: median(reference.samples),
            text: short(median(reference.samples)),
            ours: false,
          },
        ]
      : []),
  ];
}

function peerPanel(results: readonly PeerResult[]): Panel {
  return {
    title: 'Handle events and acknowledge them durably, events/s (each product at its best)',
    bars: bestOfEach(results).map((result) => ({
      label: [result.product, result.database, ...shortcomings(result)].join(', '),
      value: median(result.drain),
      text: `${short(median(result.drain))}, p99 ${short(median(result.p99))} ms`,
      ours: result.product === 'nestjs-eventx',
    })),
  };
}

function shortcomings({ transactional, disorder }: PeerResult): string[] {
  return [...(transactional ? [] : ['not transactional']), ...(disorder > 0 ? ['unordered'] : [])];
}

/** Each product at its fastest. */
function bestOfEach(results: readonly PeerResult[]): PeerResult[] {
  const best = new Map<string, PeerResult>();
  for (const result of results) {
    const before = best.get(result.product);
    if (!before || median(result.drain) > median(before.drain)) {
      best.set(result.product, result);
    }
  }
  return [...best.values()].sort((a, b) => median(b.drain) - median(a.drain));
}
