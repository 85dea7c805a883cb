/** jest-circus, without what it leaves behind: see storages.cjs. */
const { createRequire } = require('node:module')
const watchStorages = require('./storages.cjs')

/**
 * It has no types.
 * @type {{ readonly default: (...args: ReadonlyArray<unknown>) => Promise<unknown> }}
 */
const circus = createRequire(__filename)('jest-circus/runner')

/** @type {typeof circus.default} */
module.exports = async (...args) => {
  const disableStorages = watchStorages()
  try {
    return await circus.default(...args)
  } finally {
    disableStorages()
  }
}
