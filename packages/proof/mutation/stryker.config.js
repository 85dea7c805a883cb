// Stryker's configuration. It runs at the root of the workspace: `npm run proof mutation`.
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = (/** @type {string} */ file) => fileURLToPath(new URL(file, import.meta.url))

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
const config = {
  mutate: ['packages/{core,oauth2}/src/**/*.ts', '!**/index.ts'],
  ignoreStatic: true,
  // Outside the workspace: a copy of it within would be seen by jest and by the linter.
  tempDirName: join(tmpdir(), 'tessera-mutation'),
  ignorePatterns: [
    '/*',
    '!/packages',
    '/packages/*',
    '!/packages/{core,oauth2,testing,proof,tools}',
    '/packages/proof/{src,test}',
    '/packages/*/dist',
  ],
  disableTypeChecks: false,
  buildCommand: `node ${here('bundle.js').replaceAll(' ', '\\ ')}`,
  plugins: ['@stryker-mutator/jest-runner', here('texts.js')],
  ignorers: ['texts'],
  testRunner: 'jest',
  jest: { configFile: 'packages/proof/mutation/jest.config.js', enableFindRelatedTests: false },
  coverageAnalysis: 'perTest',
  concurrency: 1,
  timeoutMS: 5_000,
  timeoutFactor: 1.5,
  dryRunTimeoutMinutes: 5,
  incremental: true,
  incrementalFile: 'reports/stryker-incremental.json',
  reporters: ['progress-append-only', 'clear-text'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false, reportScoreTable: true },
}

export default config
