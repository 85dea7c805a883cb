/** @jest-config-loader esbuild-register */
import type { Config } from 'jest'

const config: Config = {
  testEnvironment: 'node',
  testRunner: '<rootDir>/packages/scripts/jest/runner.cjs',
  testMatch: ['<rootDir>/packages/*/test/**/*.test.ts'],
  globalSetup: '<rootDir>/packages/scripts/jest/seed.ts',
  reporters: ['default', '<rootDir>/packages/scripts/jest/skipped.cjs', '<rootDir>/packages/scripts/jest/ending.cjs'],
  setupFiles: ['<rootDir>/packages/scripts/jest/setup.ts'],
  setupFilesAfterEnv: ['<rootDir>/packages/scripts/jest/secrets.ts'],
  // What is counted there is the guard of `npm run guard`.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/packages/bench/'],
  transform: {
    '\\.[jt]s$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
    ],
  },
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^@tessera/([^/]+)$': '<rootDir>/packages/$1/src/index.ts',
  },
  collectCoverageFrom: ['packages/{core,oauth2}/src/**/*.ts', '!**/index.ts'],
  coverageThreshold: {
    './packages/core/src/': { lines: 95 },
    './packages/oauth2/src/': { lines: 95 },
  },
  coverageReporters: ['text-summary', 'text', 'json-summary'],
  testTimeout: 60_000,
  maxWorkers: 3,
}

export default config
