/**
 * What jest-circus leaves behind. It makes an `AsyncLocalStorage` for each test file and never disables it: in a process that has
 * run forty files, every promise is entered in forty of them, which makes properties several times slower, and all that those
 * files have made stays in memory.
 */
const { AsyncLocalStorage } = require('node:async_hooks')

/** Begins to look; what it returns disables all that has been used since. */
module.exports = () => {
  const { prototype } = AsyncLocalStorage
  const { run } = prototype
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
  return () => {
    prototype.run = run
    for (const storage of used) storage.disable()
  }
}
