import { describeError } from './logger.js';

/** Most frames of one error; a process may have raised `Error.stackTraceLimit`. */
const FRAMES = 30;
/** Most characters of one frame. */
const FRAME_LENGTH = 500;
/** Errors that were the cause of one another. */
const CAUSES = 3;

/** A line of a stack as V8 writes it: where it is in the code, or why that is not known. */
const FRAME = /^\s+at .*(?::\d+:\d+\)?|\(<anonymous>\)|\(native\)|\(index \d+\))$/;

/**
 * Where an error comes from, for the log: what `describeError` says of it and the frames of its stack, and the same of its causes.
 * Not the stack as it is: that begins with the message, which may quote a payload. Never throws.
 * @returns undefined when nothing is known beyond the message
 */
export function describeStack(error: unknown): string | undefined {
  const parts: string[] = [];
  let known = false;
  let current = error;
  for (let depth = 0; depth <= CAUSES && current !== undefined && current !== null; depth++) {
    const frames = framesOf(current);
    known ||= frames.length > 0;
    parts.push(`${depth === 0 ? '' : 'Caused by: '}${describeError(current)}`, ...frames);
    current = causeOf(current);
  }
  return known ? parts.join('\n') : undefined;
}

function framesOf(error: unknown): string[] {
  try {
    if (!(error instanceof Error) || typeof error.stack !== 'string') return [];
    const { message, stack } = error;
    const head = stack.indexOf(message);
    const lines = stack.slice(head < 0 ? 0 : head + message.length).split('\n');
    // Only what stands together at the end: lines before that belong to a message that has changed since.
    const first = lines.findLastIndex((line) => !FRAME.test(line)) + 1;
    return lines.slice(first, first + FRAMES).map((line) => line.slice(0, FRAME_LENGTH));
  } catch {
    return [];
  }
}

function causeOf(error: unknown): unknown {
  try {
    return error instanceof Error ? error.cause : undefined;
  } catch {
    return undefined;
  }
}
