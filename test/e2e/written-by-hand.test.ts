import { expect, test } from '@jest/globals';

import { startAppOn } from '../support/app.js';
import { cleanUpAfterEach } from '../support/clean-up.js';
import { take } from '../support/reading.js';

const later = cleanUpAfterEach();

test('a row whose values have other types than its columns, which the embedded database allows, is an event', async () => {
  const app = await startAppOn('sqlite');
  later(() => app.close());
  await app.dataSource.query(
    "INSERT INTO eventx_events (type, `key`, uuid, headers, data) VALUES (?, ?, ?, ?, 'é'), (?, ?, ?, ?, '[1]')",
    [
      ...[Buffer.from('a'), Buffer.from('k'), 'x', Buffer.from('{"h":"1"}')],
      ...['b', null, Buffer.from('y'), null],
    ],
  );
  app.runner.signal();
  const [first, second] = await take(app.eventx.subscriber({ from: 1 }), 2);
  expect(first).toMatchObject({
    type: 'a',
    key: 'k',
    uuid: 'x',
    headers: { h: '1' },
    size: 2 + 1 + 1 + 9 + 64,
  });
  expect(first!.bytes).toEqual(Buffer.from('é'));
  expect(second).toMatchObject({ type: 'b', key: null, uuid: 'y', headers: {}, data: [1] });
});
