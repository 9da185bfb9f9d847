import type { PeerResult } from '../peers/peer.js';
import { median, spread } from '../statistics.js';
import { percent, short } from './numbers.js';
import { markdownTable } from './table.js';

/** The fastest first. */
export function peerTable(results: readonly PeerResult[]): string {
  const sorted = results.toSorted((a, b) => median(b.live) - median(a.live));
  return markdownTable(
    [
      '',
      'settings',
      'database',
      'transactional',
      'publish and handle, events/s',
      '±',
      'handle a backlog, events/s',
      '±',
      'p50 ms',
      'p99 ms',
      'duplicates',
      'out of order',
    ],
    sorted.map((result) => [
      `${result.product} ${result.version}`,
      result.settings,
      result.database,
      result.transactional ? 'yes' : 'no',
      short(median(result.live)),
      percent(spread(result.live)),
      short(median(result.drain)),
      percent(spread(result.drain)),
      short(median(result.p50)),
      short(median(result.p99)),
      short(result.duplicates),
      short(result.disorder),
    ]),
  );
}
