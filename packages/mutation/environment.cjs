/**
 * Node's environment, in which the first test that fails is the last: a mutant dies once. A test is known by its name: its place
 * in the bundle moves with every edit, and Stryker would run every mutant anew.
 */
const { TestEnvironment } = require('jest-environment-node')

/**
 * @typedef {{ readonly name: string, readonly test?: { mode?: string } }} Event
 * @typedef {{ includeTestLocationInResult: boolean }} State
 */

/**
 * @param {ConstructorParameters<typeof TestEnvironment>} args
 */
module.exports = function Environment(...args) {
  let hasFailed = false
  return Object.assign(new TestEnvironment(...args), {
    handleTestEvent: async (/** @type {Event} */ { name, test }, /** @type {State} */ state) => {
      if (name === 'run_start') state.includeTestLocationInResult = false
      if (name === 'test_fn_failure' || name === 'hook_failure') hasFailed = true
      if (name === 'test_start' && hasFailed && test !== undefined) test.mode = 'skip'
    },
  })
}
