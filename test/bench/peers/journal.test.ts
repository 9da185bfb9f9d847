import { expect, test } from '@jest/globals';

import { Journal } from './journal.js';

function published(count: number): Journal {
  const journal = new Journal();
  for (let n = 0; n < count; n++) journal.commit(journal.begin());
  return journal;
}

test('events handled in the order of their transactions are no disorder', () => {
  const journal = published(3);
  [0, 1, 2].forEach((n) => journal.handle(n));
  expect(journal).toMatchObject({ count: 3, disorder: 0, duplicates: 0 });
});

test('an event handled after a later one is disorder', () => {
  const journal = published(3);
  [2, 0, 1].forEach((n) => journal.handle(n));
  expect(journal.disorder).toBe(2);
});

test('transactions that overlapped have no order', () => {
  const journal = new Journal();
  const [first, second] = [journal.begin(), journal.begin()];
  journal.commit(first);
  journal.commit(second);
  journal.handle(second);
  journal.handle(first);
  expect(journal.disorder).toBe(0);
});

test('an event handled twice counts as a duplicate, not as progress', () => {
  const journal = published(1);
  journal.handle(0);
  journal.handle(0);
  expect(journal).toMatchObject({ count: 1, duplicates: 1 });
});
