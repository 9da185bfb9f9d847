/** Something that whoever starts the sample can put right; told in one line. */
export class StartupError extends Error {}

/** Several addresses that were tried in vain come as an AggregateError, which has no message of its own. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ');
  return error instanceof Error ? error.message || error.name : String(error);
}
