import { integerOption, refuseUnknownOptions } from '../util/checks.js';

/** From where on the doctor mentions something. */
export interface DoctorLimits {
  /** How long an event may wait for its number, in ms, by the database's clock. @default 60000 */
  readonly pending: number;
  /** How long an event may wait for a consumer that no process runs, in ms. @default 60000 */
  readonly waitingConsumer: number;
  /** How far a consumer may be behind that somebody runs, in ms, by the age of the oldest event it has yet to handle. @default 60000 */
  readonly lag: number;
  /** How long one attempt of a consumer after the other may fail, in ms. @default 60000 */
  readonly failingConsumer: number;
  /** How long the runner of a process may fail, in ms. @default 10000 */
  readonly failingRunner: number;
  /** How long a process may not be heard of, in ms. @default 30000 */
  readonly silentProcess: number;
  /** How long a transaction may be open, anywhere on the server, in ms. @default 300000 (5 minutes) */
  readonly openTransaction: number;
  /** How many transactions InnoDB may have yet to clean up after (its history list length). @default 1000000 */
  readonly historyLength: number;
  /** How far the clocks of this process and of the database may differ, in ms. @default 5000 */
  readonly clockSkew: number;
}

const DEFAULTS: DoctorLimits = {
  pending: 60_000,
  waitingConsumer: 60_000,
  lag: 60_000,
  failingConsumer: 60_000,
  failingRunner: 10_000,
  silentProcess: 30_000,
  openTransaction: 300_000,
  historyLength: 1_000_000,
  clockSkew: 5000,
};

/** @throws EventxOptionsError */
export function resolveLimits(limits: Partial<DoctorLimits> = {}): DoctorLimits {
  const names = Object.keys(DEFAULTS) as (keyof DoctorLimits)[];
  refuseUnknownOptions('Option "limits" of the doctor', limits, names);
  return Object.fromEntries(
    names.map((name) => [
      name,
      integerOption(`limits.${name}`, limits[name], DEFAULTS[name], { min: 0 }),
    ]),
  ) as unknown as DoctorLimits;
}
