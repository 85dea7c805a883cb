/** What jest-circus leaves behind is disabled, and nothing of the watch stays. */
import { AsyncLocalStorage } from 'node:async_hooks'
import watchStorages from '../jest/storages.cjs'

test('what was used while it was watched is disabled at the end, and what was not is left alone', () => {
  const [used, other] = [new AsyncLocalStorage<string>(), new AsyncLocalStorage<string>()]
  const { run } = AsyncLocalStorage.prototype
  other.run('other', () => {
    const end = watchStorages()
    used.run('used', () => {
      expect(used.getStore()).toBe('used')
      end()
      expect(used.getStore()).toBeUndefined()
    })
    expect(other.getStore()).toBe('other')
  })
  expect(AsyncLocalStorage.prototype.run).toBe(run)
})
