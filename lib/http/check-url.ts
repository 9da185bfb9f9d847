import { EventxOptionsError } from '../errors.js';
import { quoted } from '../util/quoted.js';

/** @throws EventxOptionsError when it is not a URL that requests can be sent to */
export function checkHttpUrl(where: string, url: unknown): void {
  const parsed = typeof url === 'string' && URL.canParse(url) ? new URL(url) : null;
  if (!parsed || !/^https?:$/.test(parsed.protocol)) {
    throw new EventxOptionsError(
      `${where}: "url" must be an http or https URL, but is ${withoutSecrets(url)}.`,
    );
  }
  if (parsed.username || parsed.password) {
    throw new EventxOptionsError(
      `${where}: "url" must not hold a user or a password, which requests do not take from there. Send them as a header.`,
    );
  }
}

/** Without a user, a password and a query: a URL that is none may be one of a database, or hold a token. */
function withoutSecrets(url: unknown): string {
  if (typeof url !== 'string') return typeof url;
  return quoted(url.replace(/^.*@/s, '…@').replace(/[?#].*$/s, '…'));
}
