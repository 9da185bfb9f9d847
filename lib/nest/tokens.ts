import { Inject, type InjectionToken } from '@nestjs/common';

import { EventxConsumers } from '../consumer/consumers.js';
import { EventxDeadLetters } from '../consumer/dead-letters.js';
import { EventxRetentionJob } from '../retention/retention-job.js';
import { EventxRunner } from '../log/runner.js';
import { EventxDoctor } from '../doctor/doctor.js';
import { EventxService } from '../event-log/eventx.service.js';

/** What the module exports. */
export const INJECTABLES = [
  EventxService,
  EventxRunner,
  EventxConsumers,
  EventxDeadLetters,
  EventxRetentionJob,
  EventxDoctor,
] as const;

/** One of the classes that the module exports. */
export type EventxInjectable = (typeof INJECTABLES)[number];

/** Under which token one of the exported classes of the log called `name` is found; the class itself for the unnamed log. */
export function eventxToken(injectable: EventxInjectable, name?: string): InjectionToken {
  return name === undefined ? injectable : `${injectable.name}:${name}`;
}

/**
 * Injects something of a named log.
 * @param injectable what to inject
 *
 * @example constructor(@InjectEventx('audit') private readonly audit: EventxService) {}
 */
export function InjectEventx(
  name: string,
  injectable: EventxInjectable = EventxService,
): ParameterDecorator & PropertyDecorator {
  return Inject(eventxToken(injectable, name));
}
