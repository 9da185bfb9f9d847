import type { DurabilityRisk, UnsafeSetting } from '../typeorm/dialects/index.js';

/**
 * How much a finding matters. `unsafe`: a guarantee does not hold; the module refuses to start until the setting is mended, or allowed by
 * its name. `error`: something does not work. `warning`: it works, and something threatens it. `info`: good to know.
 */
export type FindingSeverity = 'unsafe' | 'error' | 'warning' | 'info';

/** What a finding is about. Stable across versions. */
export type DoctorCheck =
  | UnsafeSetting
  | DurabilityRisk
  | 'server'
  | 'database-unreachable'
  | 'application-pool'
  | 'replication-restore'
  | 'durability'
  | 'schema-version'
  | 'missing-table'
  | 'missing-column'
  | 'missing-index'
  | 'table-engine'
  | 'schema'
  | 'state-row'
  | 'state-behind'
  | 'missing-events'
  | 'file-damaged'
  | 'query-plan'
  | 'pending'
  | 'consumers'
  | 'consumer-ahead'
  | 'consumer-behind'
  | 'consumer-of-other-log'
  | 'consumer-halted'
  | 'consumer-waiting'
  | 'consumer-failing'
  | 'consumer-lagging'
  | 'handler-stuck'
  | 'processes'
  | 'process-silent'
  | 'runner-failing'
  | 'dead-letters'
  | 'history-length'
  | 'open-transaction'
  | 'packet-size'
  | 'payload-column'
  | 'character-set'
  | 'sql-mode'
  | 'driver-time-zone'
  | 'clock-skew'
  | 'own-storage';

/** Something that the doctor found. */
export interface Finding {
  readonly check: DoctorCheck;
  readonly severity: FindingSeverity;
  /** What it means, in full sentences. */
  readonly message: string;
  /** What to do: the statement, call or option, without a full stop. */
  readonly fix: string;
}

const WORST_FIRST: readonly FindingSeverity[] = ['unsafe', 'error', 'warning', 'info'];

/** The same findings, the worst first. */
export function worstFirst(findings: readonly Finding[]): Finding[] {
  const rank = ({ severity }: Finding) => WORST_FIRST.indexOf(severity);
  return [...findings].sort((a, b) => rank(a) - rank(b));
}

/** Findings as the text of an error or a line of a log. */
export function describeFindings(findings: readonly Pick<Finding, 'message' | 'fix'>[]): string {
  return findings.map(({ message, fix }) => `${message} ${fix}.`).join(' ');
}
