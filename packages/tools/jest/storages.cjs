/**
 * Test files without the cost of `AsyncLocalStorage`: while one is in use, Node.js enters every promise into it.
 *
 * jest-circus makes one for each test file, to know which of the tests that run side by side an error or a snapshot belongs to. A
 * variable knows it where one test follows another, and properties take half the time. What a test file itself has used is disabled
 * when the file ends: all files of a process would pay for it, and all that it holds would stay in memory.
 */
const hooks = require('node:async_hooks')

/** What jest-circus uses of an `AsyncLocalStorage`, for one test after another. */
const makeVariable = () => {
  /** @type {unknown} */
  let current
  return {
    getStore: () => current,
    /**
     * @template A
     * @param {unknown} store
     * @param {() => Promise<A>} use
     */
    run: async (store, use) => {
      const before = current
      current = store
      try {
        return await use()
      } finally {
        current = before
      }
    },
  }
}

/** Makes a variable of the next storage that is made, which is jest-circus's; what it returns ends that, and disables those used. */
module.exports = () => {
  const { AsyncLocalStorage } = hooks
  const { prototype } = AsyncLocalStorage
  const { run, enterWith } = prototype
  /** @type {Set<InstanceType<typeof AsyncLocalStorage>>} */
  const used = new Set()
  /**
   * @this {InstanceType<typeof AsyncLocalStorage>}
   * @param {Parameters<typeof run>} of
   */
  prototype.run = function (...of) {
    used.add(this)
    return run.apply(this, of)
  }
  /**
   * @this {InstanceType<typeof AsyncLocalStorage>}
   * @param {Parameters<typeof enterWith>} of
   */
  prototype.enterWith = function (...of) {
    used.add(this)
    enterWith.apply(this, of)
  }
  const restore = () => {
    Object.assign(hooks, { AsyncLocalStorage })
  }
  Object.assign(hooks, {
    AsyncLocalStorage: function Variable() {
      restore()
      return makeVariable()
    },
  })
  return () => {
    restore()
    Object.assign(prototype, { run, enterWith })
    for (const storage of used) storage.disable()
  }
}
