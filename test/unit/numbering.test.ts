import { describe, expect, test } from '@jest/globals';

import { type NumberedTable, numbering } from '../../lib/typeorm/stores/numbering.js';
import { logTables, resolveTables } from '../../lib/typeorm/tables.js';
import { range } from '../support/stored-events.js';

const TABLE: NumberedTable = {
  ...logTables(resolveTables({ events: 'shop_events' })),
  id: 'event_id',
  seq: 'place',
  byPrimaryKey: ' FORCE INDEX (`PRIMARY`)',
};
const LOG = { lastSeq: 40, logId: 'e1' };

const placeholders = (sql: string) => sql.split('?').length - 1;

describe('the statements that number a batch', () => {
  test('move the state row only if the log stands where it was seen', () => {
    const { advance, count } = numbering(TABLE, LOG, [5, 6, 7]);
    expect(count).toBe(3);
    expect(advance).toEqual({
      sql:
        'UPDATE `eventx_state` SET `last_seq` = ? ' +
        'WHERE `name` = ? AND `epoch` = ? AND `last_seq` = ?',
      parameters: [43, 'shop_events', 'e1', 40],
    });
  });

  test('are one range update for contiguous ids, by primary key', () => {
    expect(numbering(TABLE, LOG, [5, 6, 7]).updates).toEqual([
      {
        sql:
          'UPDATE `shop_events` FORCE INDEX (`PRIMARY`) SET `place` = `event_id` + ? ' +
          'WHERE (`event_id` BETWEEN ? AND ?) AND `place` IS NULL',
        parameters: [36, 5, 7],
      },
    ]);
  });

  test('tell the runs apart where ids have holes', () => {
    const [update] = numbering(TABLE, LOG, [5, 8, 9]).updates;
    expect(update!.sql).toContain(
      'SET `place` = `event_id` + CASE WHEN `event_id` <= ? THEN ? WHEN `event_id` <= ? THEN ? END ' +
        'WHERE (`event_id` BETWEEN ? AND ? OR `event_id` BETWEEN ? AND ?) AND `place` IS NULL',
    );
    expect(update!.parameters).toEqual([5, 36, 9, 34, 5, 5, 8, 9]);
  });

  test('are several where there are many runs, and never touch a row that has a number', () => {
    const ids = range(1, 70).map((index) => index * 2);
    const { updates, count } = numbering(TABLE, LOG, ids);
    expect(count).toBe(70);
    expect(updates.map(({ sql }) => sql.split('BETWEEN').length - 1)).toEqual([32, 32, 6]);
    for (const { sql, parameters } of updates) {
      expect(sql).toMatch(/AND `place` IS NULL$/);
      expect(placeholders(sql)).toBe(parameters.length);
    }
  });
});
