import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { CommandLine } from '../command-line.js';
import type { Figure } from '../figures.js';
import type { PeerResult } from '../peers/peer.js';
import { chart } from './chart.js';
import { figureTable } from './table.js';
import { peerTable } from './peer-table.js';

/** What the two commands measure; kept together, because the documentation shows both. */
export interface Results {
  readonly eventx?: { readonly conditions: string; readonly figures: readonly Figure[] };
  readonly peers?: { readonly conditions: string; readonly results: readonly PeerResult[] };
}

const FOLDER = 'docs';
const KEPT = join(FOLDER, 'benchmark.json');

/** Writes what the command line asks for. Run from the root of the repository, as npm does. */
export function publishResults({ json, save }: CommandLine, results: Results): void {
  if (json !== null) writeFileSync(json, JSON.stringify(results, null, 2));
  if (!save) return;
  mkdirSync(FOLDER, { recursive: true });
  const kept = existsSync(KEPT) ? (JSON.parse(readFileSync(KEPT, 'utf8')) as Results) : {};
  const all = { ...kept, ...results };
  writeFileSync(KEPT, `${JSON.stringify(all, null, 1)}\n`);
  writeFileSync(join(FOLDER, 'benchmark.md'), report(all));
  writeFileSync(join(FOLDER, 'benchmark.svg'), chart(all));
}

function report({ eventx, peers }: Results): string {
  const parts = [
    '# Benchmark results',
    'Made by `npm run bench -- --save` and `npm run bench:peers -- --save`.',
  ];
  if (eventx) parts.push('## The library', eventx.conditions, figureTable(eventx.figures));
  if (peers) parts.push('## Peers', peers.conditions, peerTable(peers.results));
  return `${parts.join('\n\n')}\n`;
}
