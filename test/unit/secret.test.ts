import { describe, expect, test } from '@jest/globals';

import { checkSecret, sameSecret } from '../../lib/http/secret.js';

describe('the shared secret', () => {
  const secret = '0123456789abcdef';

  test('is the same or not, whatever its length', () => {
    expect(sameSecret(secret, secret)).toBe(true);
    for (const other of ['', secret.slice(1), `${secret}0`, secret.toUpperCase(), undefined, 7]) {
      expect(sameSecret(other, secret)).toBe(false);
    }
  });

  test.each([secret, 'with spaces in between', '~'.repeat(1000)])('may be %j', (good) => {
    expect(() => checkSecret('here', good)).not.toThrow();
  });

  test.each([undefined, '', '0123456789abcde', ` ${secret}`, `${secret}\n`, `${secret}ü`, 1])(
    'may not be %j, which is too short or would not arrive',
    (bad) => {
      expect(() => checkSecret('here', bad)).toThrow(/^here needs a "secret" of at least 16/);
    },
  );
});
