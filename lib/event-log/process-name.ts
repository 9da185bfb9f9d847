import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

/** Characters of the host's name that are kept: an owner has at most 128 in all. */
const HOST_LENGTH = 100;

/**
 * Which process this is, for people to read and for no other to have: host, process id, and a random part, since ids of processes
 * come again, and containers may all be number 1 of one host.
 */
export function processName(host: string = hostname(), pid: number = process.pid): string {
  const name = host.replace(/[^\w.-]/g, '-').slice(0, HOST_LENGTH) || 'host';
  return `${name}:${pid}:${randomBytes(4).toString('hex')}`;
}
