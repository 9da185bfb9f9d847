import { describe, expect, test } from '@jest/globals';
import { EventxPublishError, NoTransactionError } from 'nestjs-eventx';
import { DataSource } from 'typeorm';

import { assertManager } from '../../lib/typeorm/outbox/manager-argument.js';

const dataSource = new DataSource({ type: 'mysql' });
const { manager } = dataSource;
const event = { type: 'a' };

describe('the manager of publish', () => {
  test('and the event are not to be swapped', () => {
    for (const first of [event, undefined, [event]]) {
      expect(() => assertManager(first, manager)).toThrow(EventxPublishError);
      expect(() => assertManager(first, manager)).toThrow(/swapped: publish\(manager, event\)/);
    }
  });

  test.each([[undefined], [null], ['order.placed']])('must be one, and not %j', (value) => {
    expect(() => assertManager(value, event)).toThrow(NoTransactionError);
    expect(() => assertManager(value, event)).toThrow(
      new RegExp(`needs the EntityManager .*but got ${value === null ? 'null' : typeof value}\\.`),
    );
  });

  test('may be hidden in what was given instead, which the message says', () => {
    class Repository {
      manager = Object.assign(Object.create(manager) as object, { queryRunner: {} });
    }
    expect(() => assertManager(new Repository(), event)).toThrow(
      /but got Repository\. It has one: give its "manager"/,
    );
  });

  test('is looked at no further here', () => {
    expect(() => assertManager(manager, event)).not.toThrow();
    expect(() => assertManager(dataSource, event)).not.toThrow();
  });
});
