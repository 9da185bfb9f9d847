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

  test('that are given are taken as they are, without the prefix', () => {
    expect(resolveTables({ prefix: 'shop_', events: 'Log', state: '_s' })).toMatchObject({
      events: 'Log',
      state: '_s',
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
    for (const tables of [{ events: name }, { state: name }, { migrations: name }]) {
      expect(() => resolveTables(tables)).toThrow(EventxOptionsError);
    }
    expect(() => eventxMigrations({ tables: { events: name } })).toThrow(/plain table name/);
    expect(() => eventxSchemaSql('mysql', { tables: { events: name } })).toThrow(
      /plain table name/,
    );
  });

  test('a hostile prefix is refused with the name of the option', () => {
    expect(() => resolveTables({ prefix: 'x`; --' })).toThrow(
      /"tables.events" is "x`; --eventx_events"/,
    );
  });

  test('two tables of one name are refused, whatever the case', () => {
    expect(() => resolveTables({ events: 'log', state: 'LOG' })).toThrow(/two tables/);
  });

  test('an option that does not exist is refused', () => {
    expect(() => resolveTables({ event: 'log' } as object)).toThrow(/unknown option "event"/);
  });

  test('quoting leaves no way out of the quotes', () => {
    expect(quote('a`b')).toBe('`a``b`');
  });
});
