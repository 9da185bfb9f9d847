import { describe, expect, test } from '@jest/globals';
import { EventxOptionsError } from 'nestjs-eventx';

import { type EventxModuleOptions, resolveOptions } from '../../lib/event-log/event-log-options.js';

const resolve = (options: unknown, nodeEnv?: string) =>
  resolveOptions(options as EventxModuleOptions, nodeEnv);

describe('the options of the module', () => {
  test('all have defaults', () => {
    expect(resolve({})).toMatchObject({
      roles: new Set(['sequence', 'consume']),
      signals: [],
      startupTimeout: 30_000,
      migrate: true,
      maxPayloadBytes: 1024 * 1024,
      queryTimeout: 10_000,
      allowUnsafe: [],
      storage: undefined,
    });
  });

  test('migrate is on everywhere but in production, unless it is said', () => {
    expect(resolve({}, 'production').migrate).toBe(false);
    expect(resolve({}, 'test').migrate).toBe(true);
    expect(resolve({ migrate: true }, 'production').migrate).toBe(true);
    expect(resolve({ migrate: false }, 'test').migrate).toBe(false);
  });

  test('those of the runner go with them', () => {
    expect(resolve({ pollInterval: 50, windowSize: 10 }).runner).toEqual({
      sequence: true,
      pollInterval: 50,
      windowSize: 10,
    });
  });

  test.each([
    [true, ['sequence', 'consume']],
    [false, []],
    [[], []],
    [['consume'], ['consume']],
    [['sequence', 'sequence'], ['sequence']],
  ])('run: %j makes the process %j', (run, roles) => {
    expect([...resolve({ run }).roles]).toEqual(roles);
  });

  test('a process numbers events unless it is only to consume; run by hand, it does everything', () => {
    const numbers = (run: unknown) => resolve({ run }).runner.sequence;
    expect([true, ['sequence'], false, []].map(numbers)).toEqual([true, true, true, true]);
    expect(numbers(['consume'])).toBe(false);
  });

  test.each([
    [
      { run: ['sequence', 'eat'] },
      /"run" must be true, false or a list of sequence, consume, but has eat/,
    ],
    [{ sequence: false }, /unknown option "sequence"/],
    [{ startupTimeout: -1 }, /"startupTimeout" must be a whole number of at least 0/],
    [
      { maxPayloadBytes: 0 },
      /"maxPayloadBytes" must be a whole number from 1 to 16777215, but is 0/,
    ],
    [{ maxPayloadBytes: 16 * 1024 * 1024 }, /"maxPayloadBytes".* The default is 1048576/],
    [{ queryTimeout: 0 }, /"queryTimeout" must be a whole number of at least 1, but is 0/],
    [{ queryTimeout: '5s' }, /"queryTimeout".*but is "5s"/],
    [
      { allowUnsafe: ['galera', 'myisam'] },
      /"allowUnsafe" knows read-only, galera.*but not myisam/,
    ],
    [{ unknownTypes: 'deny' }, /"unknownTypes" must be 'allow' or 'refuse', but is "deny"/],
    [{ unknownTypes: 'refuse' }, /is 'refuse', but no type is known.*option "events"/],
    [{ pollInterval: 0 }, /"pollInterval" must be a whole number from 1/],
    [
      { pollIntervall: 5 },
      /EventxModule: unknown option "pollIntervall". Known options: pollInterval/,
    ],
    [undefined, /got no options. Does the factory return them\?/],
    [null, /got no options/],
  ])('%j is refused, with what to do', (options, message) => {
    expect(() => resolve(options)).toThrow(EventxOptionsError);
    expect(() => resolve(options)).toThrow(message);
  });
});
