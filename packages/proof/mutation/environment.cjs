/**
 * Node's environment, in which the first test that fails is the last: a mutant dies once. A test is known by its name: its place
 * in the bundle moves with every edit, and Stryker would run every mutant anew. What jest-circus leaves behind is disabled here,
 * since Stryker takes no other runner.
 */
const { TestEnvironment } = require('jest-environment-node')
const watchStorages = require('../../tools/jest/storages.cjs')

/**
 * @typedef {{ readonly name: string, readonly test?: { mode?: string } }} Event
 * @typedef {{ includeTestLocationInResult: boolean }} State
 */

/**
 * @param {ConstructorParameters<typeof TestEnvironment>} args
 */
module.exports = function Environment(...args) {
  const [{ globalConfig }] = args
  const pattern = globalConfig.testNamePattern?.replace(/\\(.)/g, '$1')
  let hasFailed = false
  const environment = new TestEnvironment(...args)
  const disableStorages = watchStorages()
  const teardown = environment.teardown.bind(environment)
  /** Whether a test of the file is asked for: the others are not even loaded. */
  Object.assign(environment.global, {
    isWanted: (/** @type {string} */ file) => pattern === undefined || pattern.includes(`(${file} `),
  })
  return Object.assign(environment, {
    teardown: async () => {
      disableStorages()
      await teardown()
    },
    handleTestEvent: async (/** @type {Event} */ { name, test }, /** @type {State} */ state) => {
      if (name === 'run_start') state.includeTestLocationInResult = false
      if (name === 'test_fn_failure' || name === 'hook_failure') hasFailed = true
      if (name === 'test_start' && hasFailed && test !== undefined) test.mode = 'skip'
    },
  })
}
