import 'reflect-metadata';

import { contenders, type Servers } from './contenders.js';
import { openPeers } from './install.js';
import { measureRound, type PeerLoad } from './measure.js';

/** What a round is about. */
export interface RoundTask {
  readonly servers: Servers;
  /** Which of the contenders. */
  readonly index: number;
  readonly load: PeerLoad;
}

const { servers, index, load } = JSON.parse(process.argv[2]!) as RoundTask;
const contender = contenders(openPeers(), servers)[index]!;
process.send!(await measureRound(contender, load));
process.disconnect();
// Some products leave timers behind.
process.exit();
