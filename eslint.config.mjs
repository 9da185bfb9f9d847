import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/**
 * What each folder of lib may import besides itself. Nothing imports the barrel, lib/index.ts.
 *
 * @type {Record<string, string[]>}
 */
const MAY_IMPORT = {
  util: [],
  event: ['util'],
  storage: ['util', 'event'],
  log: ['util', 'event', 'storage'],
  consumer: ['util', 'event', 'storage', 'log'],
  retention: ['util', 'event', 'storage'],
  processes: ['util', 'event', 'storage'],
  signal: ['util'],
  typeorm: ['util', 'event', 'storage'],
  doctor: ['util', 'event', 'storage', 'typeorm'],
  'event-log': [
    'util',
    'event',
    'storage',
    'log',
    'consumer',
    'retention',
    'processes',
    'signal',
    'typeorm',
    'doctor',
  ],
  http: ['util', 'event', 'storage', 'log', 'signal', 'nest'],
  testing: ['util', 'event', 'storage'],
  nest: [
    'util',
    'event',
    'storage',
    'log',
    'consumer',
    'retention',
    'typeorm',
    'doctor',
    'event-log',
  ],
  microservices: ['util', 'signal', 'event-log', 'nest'],
};

/** The folders that know Nest. */
const OF_NEST = ['nest', 'http', 'microservices'];

/** The folders that know neither Nest nor TypeORM. */
const PLAIN = ['util', 'event', 'storage', 'log', 'consumer', 'retention', 'processes', 'signal'];

export default defineConfig(
  globalIgnores(['dist/', 'coverage/', 'node_modules/']),
  js.configs.recommended,
  tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      // It would turn an import that injection needs at run time into one that is erased.
      '@typescript-eslint/consistent-type-imports': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' },
      ],
    },
  },
  Object.keys(MAY_IMPORT).map((folder) => ({
    files: [`lib/${folder}/**/*.ts`],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { patterns: restrictedImports(folder) },
      ],
    },
  })),
  {
    files: ['**/*.mjs'],
    // TypeScript checks these files too, and knows what Node defines.
    rules: { 'no-undef': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // expect.any() and its like are typed any.
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
);

/** @param {string} folder */
function restrictedImports(folder) {
  const allowed = [folder, ...(MAY_IMPORT[folder] ?? [])];
  const forbidden = Object.keys(MAY_IMPORT).filter((other) => !allowed.includes(other));
  const only = `lib/${folder} may import from ${allowed.map((name) => `lib/${name}`).join(', ')} only`;
  return [
    ...(forbidden.length > 0 ? [{ regex: inFolders(forbidden), message: `${only}.` }] : []),
    {
      regex: '^(\\.\\./)+index\\.js$|^nestjs-eventx(/|$)',
      message: 'Import the file itself: a barrel makes a cycle.',
    },
    ...(PLAIN.includes(folder)
      ? [
          {
            regex: '^typeorm(/|$)',
            message: `lib/${folder} does not know TypeORM.`,
          },
        ]
      : []),
    ...(OF_NEST.includes(folder)
      ? []
      : [{ regex: '^@nestjs/', message: `lib/${folder} does not know Nest.` }]),
  ];
}

/** @param {string[]} folders */
function inFolders(folders) {
  return `^(\\.\\./)+(${folders.join('|')})(/|$)`;
}
