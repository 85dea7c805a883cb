/** @jest-config-loader esbuild-register */
import type { Config } from 'jest'

const config: Config = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/packages/*/test/**/*.test.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
    ],
  },
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^@tessera/([^/]+)$': '<rootDir>/packages/$1/src/index.ts',
  },
  collectCoverageFrom: ['packages/{core,oauth2}/src/**/*.ts'],
  coverageThreshold: { global: { lines: 95 } },
  coverageReporters: ['text-summary', 'text', 'json-summary'],
  testTimeout: 60_000,
  maxWorkers: 2,
}

export default config
