/** Texts that somebody may send in the hope that they are taken for something else. */
export const HOSTILE_TEXTS = [
  '`; DROP TABLE eventx_events; --',
  "'; DROP TABLE eventx_events; --",
  "\\'; DROP TABLE eventx_events; -- ",
  "x' OR '1' = '1",
  '"',
  '\\',
  '?',
  ':name',
  '%',
  '_',
  '*',
  'a\nb\r\nc',
  '\u001b[2J',
  '\u009b2J\u2028',
  '\u202egnirts',
  '\ufeffbom',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'ѕtock', // The first letter is Cyrillic.
  'stock',
  'stock ',
  'stock  ',
  ' stock',
  'STOCK',
  'stöck',
  'sto\u0308ck',
  '🎁',
  '{{7*7}}',
  '${process.exit()}',
  'x'.repeat(191),
  '🎁'.repeat(95),
] as const;

/** Texts that no type and no key of an event may be. */
export const IMPOSSIBLE_NAMES = ['\0', 'a\0b', '\ud83c', '\udf81\ud83c', 'x'.repeat(192)] as const;

/** What a request body may hold where a text is expected. */
export const HOSTILE_VALUES: readonly unknown[] = [
  undefined,
  null,
  0,
  true,
  {},
  [],
  ['stock'],
  { consumer: 1 },
  { id: 1 },
  { toSqlString: () => '1 OR 1 = 1' },
  Buffer.from('stock'),
];
