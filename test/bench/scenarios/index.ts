import type { Scenario } from '../scenario.js';
import { beside } from './h-beside.js';
import { catchUp } from './c-catch-up.js';
import { consumers } from './e-consumers.js';
import { drain } from './a-drain.js';
import { embedded } from './j-embedded.js';
import { fanOut } from './d-fan-out.js';
import { growth } from './f-growth.js';
import { live } from './b-live.js';
import { memory } from './k-memory.js';
import { publish } from './g-publish.js';
import { replicas } from './i-replicas.js';

export const SCENARIOS: readonly Scenario[] = [
  drain,
  live,
  catchUp,
  fanOut,
  consumers,
  growth,
  publish,
  beside,
  replicas,
  embedded,
  memory,
];
