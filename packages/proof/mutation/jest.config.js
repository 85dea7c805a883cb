// Jest for Stryker: it runs the one bundle that bundle.js made of all the tests, once for each mutant.
import { fileURLToPath } from 'node:url'

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url))

/** @type {import('jest').Config} */
const config = {
  rootDir: here('.'),
  roots: [here('suite')],
  testMatch: ['**/suite.js'],
  testEnvironment: here('environment.cjs'),
  transform: {},
  watchman: false,
  // A mutant that never answers fails its test, which costs less than another process.
  testTimeout: 5_000,
}

export default config
