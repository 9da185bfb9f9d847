/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // `npm run test:package` runs these: they need the package registry.
  testPathIgnorePatterns: ['/node_modules/', '/test/package/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        module: { type: 'es6' },
        sourceMaps: 'inline',
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', decorators: true },
          transform: {
            legacyDecorator: true,
            decoratorMetadata: true,
            useDefineForClassFields: false,
          },
          keepClassNames: true,
        },
      },
    ],
  },
  moduleNameMapper: {
    '^nestjs-eventx$': '<rootDir>/lib/index.ts',
    '^nestjs-eventx/log$': '<rootDir>/lib/log.ts',
    '^nestjs-eventx/microservices$': '<rootDir>/lib/microservices/index.ts',
    '^nestjs-eventx/testing$': '<rootDir>/lib/testing/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
  reporters: ['default', '<rootDir>/test/support/summary-reporter.mjs'],
  maxWorkers: 2,
  // A worker keeps the modules of every file it ran. With gigabytes of them the whole run took nearly twice as long.
  workerIdleMemoryLimit: '500MB',
  testTimeout: 120_000,
};
