import type { Check } from './examination.js';

/** The file of an embedded database is whole. It reads all of it, so only a full examination does. */
export const integrity: Check = {
  name: 'file-damaged',

  async examine(examination) {
    if (!examination.full) return [];
    const rows = await examination.rows('PRAGMA quick_check(10)');
    const problems = rows.map((row) => String(Object.values(row)[0]));
    if (problems.length === 1 && problems[0] === 'ok') return [];
    return [
      {
        check: 'file-damaged',
        severity: 'error',
        message: `The file of the database is damaged: ${problems.join('; ')}.`,
        fix: "Restore it from a backup, or save what can be read: sqlite3 <file> '.recover' | sqlite3 <new file>",
      },
    ];
  },
};
