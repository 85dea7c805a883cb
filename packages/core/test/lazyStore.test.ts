import { tokenStoreLaws } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { AuthError, absent, committed, lazyStore, memoryStore, type OpenedStore, Secret } from '../src/index.js'

const record = Secret.make('Record', 'r')
const down = AuthError.storeFailed('get', 'ECONNREFUSED')

const setUp = (answers: ReadonlyArray<E.Either<AuthError, unknown>> = []) => {
  const store = memoryStore()
  let opens = 0
  let closes = 0
  const opened: OpenedStore = {
    store,
    close: async () => {
      closes++
    },
  }
  const lazy = lazyStore({
    open: async () => {
      const answer = answers[opens++]
      return answer !== undefined && E.isLeft(answer) ? answer : E.right(opened)
    },
  })
  return { lazy, store, opens: () => opens, closes: () => closes }
}

describe('lazyStore', () => {
  const shared = memoryStore()
  const overShared = () => lazyStore({ open: async () => E.right({ store: shared, close: async () => undefined }) })

  test.each(tokenStoreLaws(overShared, { numRuns: 20 }))('law: $name', async ({ run }) => {
    await run()
  })

  test('opens nothing before the first operation, and then once for all', async () => {
    const { lazy, opens } = setUp()
    expect(opens()).toBe(0)
    await Promise.all([lazy.get('k')(), lazy.get('l')(), lazy.compareAndSet('k', absent, { version: '1', record })()])
    expect(opens()).toBe(1)
  })

  test('fails where it cannot be opened, and tries again with the next operation', async () => {
    const { lazy, opens } = setUp([E.left(down)])
    expect(await Promise.all([lazy.get('k')(), lazy.get('k')()])).toEqual([E.left(down), E.left(down)])
    expect(await lazy.compareAndSet('k', absent, { version: '1', record })()).toEqual(E.right(committed))
    expect(opens()).toBe(2)
  })

  test('tells of changes to who asked before it was open, and not to who has ended that', async () => {
    const { lazy, store } = setUp([E.left(down)])
    const told: string[] = []
    const end = lazy.changes?.('k', () => told.push('ended'))
    lazy.changes?.('k', (version) => told.push(O.getOrElse(() => '')(version)))
    end?.()
    expect(await lazy.get('k')()).toEqual(E.left(down))
    await lazy.get('k')()
    await store.compareAndSet('k', absent, { version: '1', record })()
    expect(told).toEqual(['1'])
  })

  test('closes what it has opened, and nothing else', async () => {
    const unused = setUp()
    await unused.lazy.close()
    expect([unused.opens(), unused.closes()]).toEqual([0, 0])

    const { lazy, opens, closes } = setUp()
    const reading = lazy.get('k')()
    await lazy.close()
    await lazy.close()
    expect(await reading).toMatchObject({ _tag: 'Right' })
    expect([opens(), closes()]).toEqual([1, 1])
    const closed = 'the store is closed'
    expect(await lazy.get('k')()).toEqual(E.left(AuthError.storeFailed('get', closed)))
    expect(await lazy.compareAndSet('k', absent, { version: '1', record })()).toEqual(
      E.left(AuthError.storeFailed('compareAndSet', closed)),
    )
  })

  test('says what it takes', () => {
    // @ts-expect-error from JavaScript
    expect(() => lazyStore({})).toThrow('lazyStore takes { open }')
  })
})
