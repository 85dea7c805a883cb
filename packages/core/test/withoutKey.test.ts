/** The key of a source for which none is given. */
import { memoryStore, TokenSource, type TokenStore } from '@tessera/core'
import { scriptedStrategy } from '@tessera/testing'
import { pipe } from 'fp-ts/lib/function.js'
import { testEnv } from './support/basics.js'

describe('a source without a key', () => {
  const sourceOf = (store: TokenStore) => pipe(scriptedStrategy([]).strategy, TokenSource.make({ store }))(testEnv())()

  test('has one of its own in a store that others share', () => {
    const store: TokenStore = { ...memoryStore(), guarantee: 'shared' }
    const env = testEnv()
    const make = pipe(scriptedStrategy([]).strategy, TokenSource.make({ store }))(env)
    expect(make().key).toMatch(/^[\w-]{20,}$/)
    expect(make().key).not.toBe(make().key)
  })

  test('shares that of its process', () => {
    expect(sourceOf(memoryStore()).key).toBe('default')
  })
})
