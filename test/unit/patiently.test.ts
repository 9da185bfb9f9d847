import { describe, expect, test } from '@jest/globals';
import { EventxSchemaError, StorageTimeoutError } from 'nestjs-eventx';

import { patiently } from '../../lib/nest/patiently.js';
import { RecordingLogger } from '../support/recording-logger.js';

describe('what is done patiently at startup', () => {
  test('is tried again while the database does not answer, and each try is told', async () => {
    const logger = new RecordingLogger();
    const failures = [new Error('connect ECONNREFUSED'), new StorageTimeoutError('hung')];
    const work = () =>
      failures.length > 0 ? Promise.reject(failures.shift()!) : Promise.resolve(7);
    expect(await patiently(60_000, logger, work)).toBe(7);
    expect(logger.of('warn')).toEqual([
      expect.stringMatching(/cannot be opened yet, next try in \d+ ms: connect ECONNREFUSED/),
      expect.stringMatching(/cannot be opened yet, next try in \d+ ms: .*hung/),
    ]);
  });

  test('is given up when the time is up, with an error that says what to look at', async () => {
    const cause = new Error('connect ECONNREFUSED 127.0.0.1:3306');
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
});
