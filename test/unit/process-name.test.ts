import { describe, expect, test } from '@jest/globals';

import { processName } from '../../lib/event-log/process-name.js';

describe('which process has a consumer', () => {
  test('can be read: host, process, and what tells it from its like', () => {
    expect(processName('web-1.example', 4711)).toMatch(/^web-1\.example:4711:[0-9a-f]{8}$/);
    expect(processName()).toMatch(new RegExp(`:${process.pid}:[0-9a-f]{8}$`));
    expect(processName('web', 1)).not.toBe(processName('web', 1));
  });

  test.each([
    ['Anna’s Mac', 'Anna-s-Mac'],
    ['a\nb\u001b[2J', 'a-b--2J'],
    ['', 'host'],
    ['x'.repeat(300), 'x'.repeat(100)],
  ])('fits its column, and one line, whatever the host is called (%j)', (host, name) => {
    expect(processName(host, 1)).toMatch(new RegExp(`^${name}:1:[0-9a-f]{8}$`));
  });
});
