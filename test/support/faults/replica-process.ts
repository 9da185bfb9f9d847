import { TestProcess } from '../test-process.js';
import type { ReplicaReports, ReplicaSettings } from './replica.js';
import type { Write } from './writers.js';

/** One line of a replica's standard output. */
export interface Report {
  readonly ready?: true;
  readonly saw?: Parameters<ReplicaReports['saw']>;
  readonly failed?: Parameters<ReplicaReports['failed']>;
  readonly wrote?: Write;
}

const MAIN = new URL('./replica-main.ts', import.meta.url);

/** Starts a replica in a process of its own, which can be killed and hung. */
export function startReplicaProcess(
  settings: ReplicaSettings,
  reports: ReplicaReports,
): Promise<TestProcess<Report>> {
  return TestProcess.start<Report>(MAIN, settings, ({ saw, wrote, failed }) => {
    if (saw) reports.saw(...saw);
    if (wrote) reports.wrote(wrote);
    if (failed) reports.failed(...failed);
  });
}
