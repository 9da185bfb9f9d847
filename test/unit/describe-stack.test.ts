import { describe, expect, test } from '@jest/globals';

import { describeStack } from '../../lib/util/stack.js';

const frames = (stack: string | undefined) =>
  stack!.split('\n').filter((line) => /^\s+at /.test(line));

function nameOf(customer: { name: string } | undefined): string {
  return customer!.name;
}

function failing(): Error {
  try {
    nameOf(undefined);
  } catch (error) {
    return error as Error;
  }
  throw new Error('It did not fail.');
}

describe('where an error comes from', () => {
  test('is what it says, and the places it went through', () => {
    const stack = describeStack(failing())!;
    expect(stack).toMatch(
      /^Cannot read properties of undefined \(reading 'name'\)\n\s+at .*describe-stack/,
    );
    expect(frames(stack).length).toBeGreaterThan(1);
  });

  test('has nothing of a message but what may be logged of it', () => {
    const error = Object.assign(
      new Error("Duplicate entry 'secret\n    at secret (secret.js:1:1)' for key 'x'"),
      {
        errno: 1062,
      },
    );
    expect(describeStack(error)).not.toContain('secret');
    error.message = 'another';
    expect(describeStack(error)).not.toMatch(/Duplicate|for key/);
  });

  test('goes on to what caused it, but not for ever', () => {
    const error = new Error('outer', { cause: failing() });
    expect(describeStack(error)).toMatch(/^outer\n[^]*\nCaused by: Cannot read[^]*describe-stack/);
    const circular = new Error('round');
    circular.cause = circular;
    expect(describeStack(circular)!.match(/Caused by/g)!.length).toBeLessThan(5);
  });

  test('is bounded, however deep it is', () => {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = Infinity;
    const deep = (depth: number): Error => (depth > 0 ? deep(depth - 1) : new Error('deep'));
    const error = deep(1000);
    Error.stackTraceLimit = limit;
    expect(frames(error.stack).length).toBeGreaterThan(1000);
    expect(frames(describeStack(error)).length).toBeLessThan(50);
  });

  test.each<[string, unknown]>([
    ['text', 'text'],
    ['nothing', undefined],
    ['an object', { stack: '    at evil (x.js:1:1)' }],
    ['an error without a stack', Object.assign(new Error('x'), { stack: undefined })],
    [
      'an error that throws when it is looked at',
      Object.defineProperty(new Error('x'), 'stack', {
        get: () => {
          throw new Error('no');
        },
      }),
    ],
  ])('is not known of %s', (_what, thrown) => {
    expect(describeStack(thrown)).toBeUndefined();
  });
});
