import type { EventxLogger } from '../../lib/util/logger.js';

/** Keeps what was said to it. */
export class RecordingLogger implements Required<EventxLogger> {
  readonly lines: { readonly level: string; readonly message: string }[] = [];

  debug = (message: string) => this.record('debug', message);
  log = (message: string) => this.record('log', message);
  warn = (message: string) => this.record('warn', message);
  error = (message: string) => this.record('error', message);

  of(level: string): string[] {
    return this.lines.filter((line) => line.level === level).map(({ message }) => message);
  }

  private record(level: string, message: string): void {
    this.lines.push({ level, message });
  }
}
