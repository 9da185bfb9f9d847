import type { ModuleRef } from '@nestjs/core';

import type { JobRegistry } from '../retention/retention-schedule.js';

/** The application's registry of jobs; null where it does not import `ScheduleModule`. */
export async function scheduledJobs(moduleRef: ModuleRef): Promise<JobRegistry | null> {
  const schedule = await import('@nestjs/schedule').catch(() => null);
  if (!schedule) return null;
  try {
    return moduleRef.get(schedule.SchedulerRegistry, { strict: false });
  } catch {
    return null;
  }
}
