/** Tests do not pay for an `AsyncLocalStorage` that they do not use, and nothing of the watch stays. */
import hooks, { AsyncLocalStorage, executionAsyncId } from 'node:async_hooks'
import watchStorages from '../jest/storages.cjs'

test('no promise of a test is entered into a storage', async () => {
  await null
  expect(executionAsyncId()).toBe(0)
})

test('the first storage that is made is a variable, for one call after another', async () => {
  const end = watchStorages()
  const first = new hooks.AsyncLocalStorage<string>()
  expect(first).not.toBeInstanceOf(AsyncLocalStorage)
  expect(hooks.AsyncLocalStorage).toBe(AsyncLocalStorage)
  await first.run('outer', async () => {
    await first.run('inner', async () => {
      await null
      expect(first.getStore()).toBe('inner')
    })
    expect(first.getStore()).toBe('outer')
    await expect(first.run('inner', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(first.getStore()).toBe('outer')
  })
  expect(first.getStore()).toBeUndefined()
  end()
})

test('a watch in which none is made leaves all as it was', () => {
  watchStorages()()
  expect(hooks.AsyncLocalStorage).toBe(AsyncLocalStorage)
})

test('what was used while it was watched is disabled at the end, and what was not is left alone', () => {
  const entered = new AsyncLocalStorage<string>()
  const used = new AsyncLocalStorage<string>()
  const other = new AsyncLocalStorage<string>()
  const { run, enterWith } = AsyncLocalStorage.prototype
  other.run('other', () => {
    const end = watchStorages()
    entered.enterWith('entered')
    used.run('used', () => {
      expect([entered.getStore(), used.getStore()]).toEqual(['entered', 'used'])
      end()
      expect([entered.getStore(), used.getStore()]).toEqual([undefined, undefined])
    })
    expect(other.getStore()).toBe('other')
  })
  expect(AsyncLocalStorage.prototype).toMatchObject({ run, enterWith })
})
