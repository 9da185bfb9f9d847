import { createHash, timingSafeEqual } from 'node:crypto';

import { EventxOptionsError } from '../errors.js';

/** Header that carries the shared secret. */
export const SECRET_HEADER = 'x-eventx-secret';

/** What a header carries unchanged: no spaces at its ends, which HTTP drops, and nothing beyond ASCII. */
const SECRET = /^[\x21-\x7e][\x20-\x7e]{14,}[\x21-\x7e]$/;

/** @throws EventxOptionsError when it is too short to be one, or would not arrive as it is */
export function checkSecret(where: string, secret: unknown): void {
  if (typeof secret === 'string' && SECRET.test(secret)) return;
  throw new EventxOptionsError(
    `${where} needs a "secret" of at least 16 printable ASCII characters without spaces around it, shared by both sides. ` +
      `To make one: openssl rand -hex 32.`,
  );
}

/** Compares in a time that says nothing about where, or in what length, the two differ. */
export function sameSecret(given: unknown, expected: string): boolean {
  return typeof given === 'string' && timingSafeEqual(digest(given), digest(expected));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
