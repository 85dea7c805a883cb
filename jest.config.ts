/** @jest-config-loader esbuild-register */
import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Config } from 'jest'

/**
 * swc unpacks its binary into the home of the user, or the folder for temporary files, and only where nobody else may write. With
 * neither, as without a HOME, or with one that was made under umask 000, it gets a folder of its own; the workers inherit it.
 */
const placeSwc = (): void => {
  try {
    createRequire(__filename)('@swc/core')
  } catch {
    const place = `/tmp/swc-of-${process.getuid?.() ?? 'user'}`
    mkdirSync(place, { recursive: true, mode: 0o700 })
    process.env['SWC_NATIVE_BINDING_CACHE'] ??= place
  }
}
placeSwc()

const config: Config = {
  testEnvironment: 'node',
  testRunner: '<rootDir>/packages/tools/jest/runner.cjs',
  testSequencer: '<rootDir>/packages/tools/jest/sequencer.cjs',
  testMatch: ['<rootDir>/packages/*/test/**/*.test.ts'],
  globalSetup: '<rootDir>/packages/tools/jest/seed.ts',
  reporters: ['default', '<rootDir>/packages/tools/jest/skipped.cjs', '<rootDir>/packages/tools/jest/ending.cjs'],
  setupFiles: ['<rootDir>/packages/tools/jest/setup.ts'],
  setupFilesAfterEnv: ['<rootDir>/packages/tools/jest/secrets.ts'],
  // What is counted there is the guard of `npm run proof guard`.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/packages/bench/'],
  transform: {
    '\\.[jt]s$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
    ],
  },
  // jose is ESM alone, which Jest's CJS mode does not load.
  transformIgnorePatterns: ['/node_modules/(?!\\.pnpm/jose@|jose/)'],
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
  // Only what hangs takes so long, also beside busy cores.
  testTimeout: 300_000,
  // More than two processors: many tests wait for a server, and for no processor.
  maxWorkers: 4,
}

export default config
