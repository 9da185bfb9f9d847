import { inspect } from 'node:util';

import { Logger, type LoggerService } from '@nestjs/common';

/** Everything that Nest's loggers are told, at any level, as they would print it. */
export class NestRecording implements LoggerService {
  readonly lines: string[] = [];

  log = (...args: unknown[]) => this.record('log', args);
  error = (...args: unknown[]) => this.record('error', args);
  warn = (...args: unknown[]) => this.record('warn', args);
  debug = (...args: unknown[]) => this.record('debug', args);
  verbose = (...args: unknown[]) => this.record('verbose', args);
  fatal = (...args: unknown[]) => this.record('fatal', args);

  /** Takes the place of what the application logs to. @returns ends that */
  start(): () => void {
    Logger.overrideLogger(this);
    return () => void Logger.overrideLogger(false);
  }

  get text(): string {
    return this.lines.join('\n');
  }

  private record(level: string, args: unknown[]): void {
    const shown = args.map((arg) => (typeof arg === 'string' ? arg : inspect(arg, { depth: 9 })));
    this.lines.push(`${level}: ${shown.join(' ')}`);
  }
}
