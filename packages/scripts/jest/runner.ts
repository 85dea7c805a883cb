/**
 * jest-circus, without what it leaves behind. It makes an `AsyncLocalStorage` for each test file and never disables it: in a
 * worker that has run forty files, every promise is entered in forty of them, which makes properties several times slower, and
 * all that those files have made stays in memory.
 */
import { AsyncLocalStorage } from 'node:async_hooks'

type Runner = (...args: ReadonlyArray<unknown>) => Promise<unknown>

// It has no types.
const circus: { readonly default: Runner } = require('jest-circus/runner')

const runner: Runner = async (...args) => {
  const { prototype } = AsyncLocalStorage
  const { run } = prototype
  const storages = new Set<AsyncLocalStorage<unknown>>()
  prototype.run = function (this: AsyncLocalStorage<unknown>, ...of: Parameters<typeof run>) {
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

export default runner
