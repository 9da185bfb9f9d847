import { expect } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import {
  type DoctorCheck,
  EventxDoctor,
  type ExamineOptions,
  type Finding,
  type FindingSeverity,
} from 'nestjs-eventx';

/** Whatever holds an application. */
export interface Examined {
  readonly app: INestApplicationContext;
}

/**
 * What the doctor of an application finds, without what is due to the server of the tests: for their speed it does not flush at every
 * commit.
 */
export async function examine(
  { app }: Examined,
  options?: ExamineOptions,
): Promise<readonly Finding[]> {
  const findings = await app.get(EventxDoctor).examine(options);
  return findings.filter(({ check }) => check !== 'flush-log');
}

/** One finding, by what must be in it. */
export function finding(
  check: DoctorCheck,
  severity: FindingSeverity,
  message: RegExp,
  fix: RegExp,
): Finding {
  return {
    check,
    severity,
    message: expect.stringMatching(message) as unknown as string,
    fix: expect.stringMatching(fix) as unknown as string,
  };
}
