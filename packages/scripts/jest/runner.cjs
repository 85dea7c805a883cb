/**
 * jest-circus, without what it leaves behind. It makes an `AsyncLocalStorage` for each test file and never disables it: in a
 * worker that has run forty files, every promise is entered in forty of them, which makes properties several times slower, and
 * all that those files have made stays in memory.
 */
const { AsyncLocalStorage } = require('node:async_hooks')
const { createRequire } = require('node:module')

/**
 * It has no types.
 * @type {{ readonly default: (...args: ReadonlyArray<unknown>) => Promise<unknown> }}
 */
const circus = createRequire(__filename)('jest-circus/runner')

/** @type {typeof circus.default} */
module.exports = async (...args) => {
  const { prototype } = AsyncLocalStorage
  const { run } = prototype
  /** @type {Set<InstanceType<typeof AsyncLocalStorage>>} */
  const storages = new Set()
  /**
   * @this {InstanceType<typeof AsyncLocalStorage>}
   * @param {Parameters<typeof run>} of
   */
  prototype.run = function (...of) {
    storages.add(this)
    return run.apply(this, of)
  }
  try {
    return await circus.default(...args)
  } finally {
    prototype.run = run
    for (const storage of storages) storage.disable()
  }
}
