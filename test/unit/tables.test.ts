import { describe, expect, test } from '@jest/globals';
import { eventxMigrations, eventxSchemaSql, EventxOptionsError } from 'nestjs-eventx';

import { quote, resolveTables } from '../../lib/typeorm/tables.js';

describe('table names', () => {
  test('have defaults, which a prefix goes before', () => {
    expect(resolveTables()).toMatchObject({
      events: 'eventx_events',
      state: 'eventx_state',
      migrations: 'eventx_migrations',
    });
    expect(resolveTables({ prefix: 'shop_' })).toMatchObject({
      events: 'shop_eventx_events',
      state: 'shop_eventx_state',
      migrations: 'shop_eventx_migrations',
    });
  });

  test('that of the log is taken as it is given, without the prefix', () => {
    expect(resolveTables({ prefix: 'shop_', events: 'Log' })).toMatchObject({
      events: 'Log',
      state: 'shop_eventx_state',
      migrations: 'shop_eventx_migrations',
    });
  });

  test.each([
    '',
    ' ',
    'a b',
    'a-b',
    'a.b',
    '1a',
    'a`',
    "a'; DROP TABLE users; --",
    'a\nb',
    'a\0',
    'événements',
    'a'.repeat(55),
  ])('%j is refused wherever it is given', (name) => {
    expect(() => resolveTables({ events: name })).toThrow(EventxOptionsError);
    expect(() => eventxMigrations({ tables: { events: name } })).toThrow(/plain table name/);
    expect(() => eventxSchemaSql('mysql', { tables: { events: name } })).toThrow(
      /plain table name/,
    );
  });

  test('a hostile prefix is refused with the name of the option', () => {
    expect(() => resolveTables({ prefix: 'x`; --' })).toThrow(/"tables.prefix" makes "x`; --_"/);
  });

  test('two tables of one name are refused, whatever the case', () => {
    expect(() => resolveTables({ events: 'EVENTX_state' })).toThrow(/two tables/);
  });

  test('an option that does not exist is refused', () => {
    expect(() => resolveTables({ event: 'log' } as object)).toThrow(/unknown option "event"/);
  });

  test('quoting leaves no way out of the quotes', () => {
    expect(quote('a`b')).toBe('`a``b`');
  });
});
