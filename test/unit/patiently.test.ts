import { describe, expect, test } from '@jest/globals';
import { EventxSchemaError, StorageTimeoutError } from 'nestjs-eventx';

import { patiently } from '../../lib/event-log/patiently.js';
import { RecordingLogger } from '../support/recording-logger.js';

const errorOf = (code: string | undefined, message: string, more: object = {}) =>
  Object.assign(new Error(message), { code, ...more });

describe('what is done patiently at startup', () => {
  test('is tried again while the database does not answer, and each try is told', async () => {
    const logger = new RecordingLogger();
    const failures = [
      errorOf('ECONNREFUSED', 'connect ECONNREFUSED'),
      new StorageTimeoutError('hung'),
    ];
    const work = () =>
      failures.length > 0 ? Promise.reject(failures.shift()!) : Promise.resolve(7);
    expect(await patiently(60_000, logger, work)).toBe(7);
    expect(logger.of('warn')).toEqual([
      expect.stringMatching(/cannot be opened yet, next try in \d+ ms: connect ECONNREFUSED/),
      expect.stringMatching(/cannot be opened yet, next try in \d+ ms: .*hung/),
    ]);
  });

  test('is given up when the time is up, with an error that says what to look at', async () => {
    const cause = errorOf('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:3306');
    const opening = patiently(0, new RecordingLogger(), () => Promise.reject(cause));
    await expect(opening).rejects.toBeInstanceOf(StorageTimeoutError);
    await expect(opening).rejects.toMatchObject({
      code: 'EVENTX_STORAGE_TIMEOUT',
      message: expect.stringMatching(/within 0 ms \(option startupTimeout\).*ECONNREFUSED/),
      cause,
    });
  });

  test('is given up at once where waiting mends nothing', async () => {
    const error = new EventxSchemaError('no such table');
    const logger = new RecordingLogger();
    const opening = patiently(60_000, logger, () => Promise.reject(error));
    await expect(opening).rejects.toBe(error);
    expect(logger.lines).toEqual([]);
  });

  test.each<[string, unknown]>([
    ['a mistake in a program', new TypeError("Cannot read properties of undefined (reading 'x')")],
    ['a mistake in a statement', errorOf('ER_PARSE_ERROR', 'syntax', { errno: 1064 })],
    ['a missing privilege', errorOf('ER_TABLEACCESS_DENIED_ERROR', 'denied', { errno: 1142 })],
    [
      'a certificate that is not trusted',
      errorOf('HANDSHAKE_SSL_ERROR', 'self-signed', { fatal: true }),
    ],
    ['what is no error', 'failed'],
  ])('is given up at once after %s', async (_, error) => {
    const logger = new RecordingLogger();
    const opening = patiently(60_000, logger, () => Promise.reject(error as Error));
    await expect(opening).rejects.toBe(error);
    expect(logger.lines).toEqual([]);
  });

  test.each<[string, Error]>([
    ['a lost connection', errorOf('PROTOCOL_CONNECTION_LOST', 'lost', { fatal: true })],
    ['too many connections', errorOf('ER_CON_COUNT_ERROR', 'too many', { errno: 1040 })],
    ['a server that goes', errorOf('ER_SERVER_SHUTDOWN', 'shutdown', { errno: 1053 })],
    ['a deadlock', errorOf('ER_LOCK_DEADLOCK', 'deadlock', { errno: 1213 })],
    ['a user who is made late', errorOf('ER_ACCESS_DENIED_ERROR', 'denied', { errno: 1045 })],
    ['a file that is busy', errorOf('SQLITE_BUSY_SNAPSHOT', 'busy')],
    ['a connection that was closed under a query', errorOf(undefined, 'closed', { fatal: true })],
    ['what was caused by one of those', new Error('x', { cause: errorOf('ETIMEDOUT', 'slow') })],
  ])('is tried again after %s', async (_, error) => {
    const errors = [error];
    const work = () =>
      errors.length > 0 ? Promise.reject(errors.shift()!) : Promise.resolve('open');
    expect(await patiently(60_000, new RecordingLogger(), work)).toBe('open');
  });
});
