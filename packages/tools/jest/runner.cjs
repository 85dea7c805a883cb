/** jest-circus, without what it and the tests leave behind: see storages.cjs and children.cjs; and quicker: see modules.cjs. */
const { createRequire } = require('node:module')
const vm = require('node:vm')
const watchChildren = require('./children.cjs')
const compileOnce = require('./modules.cjs')
const watchStorages = require('./storages.cjs')

/**
 * It has no types.
 * @type {{ readonly default: (...args: ReadonlyArray<unknown>) => Promise<unknown> }}
 */
const circus = createRequire(__filename)('jest-circus/runner')

Object.assign(vm, { compileFunction: compileOnce(vm.compileFunction) })

/** @type {typeof circus.default} */
module.exports = async (...args) => {
  const disableStorages = watchStorages()
  const endChildren = watchChildren()
  try {
    return await circus.default(...args)
  } finally {
    endChildren()
    disableStorages()
  }
}
