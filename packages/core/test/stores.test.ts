import {
  AuthError,
  memoryStore,
  pairCallbackStore,
  recordCallbackStore,
  Secret,
  type StoredRecord,
  type TokenPair,
  type TokenStore,
} from '@tessera/core'
import { tokenStoreLaws } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Task } from 'fp-ts/lib/Task.js'
import { tagOf } from './support/basics.js'

const overRecords = () => {
  const rows = new Map<string, StoredRecord>()
  return (pause: Task<void>): TokenStore =>
    recordCallbackStore({
      load: async (key) => {
        await pause()
        return rows.get(key)
      },
      compareAndSwap: async (key, expected, next) => {
        await pause()
        const swaps = (rows.get(key)?.version ?? null) === expected
        if (swaps) rows.set(key, next)
        await pause()
        return swaps
      },
    })
}

/** A lock for all openings. */
const takingTurns = () => {
  let last: Promise<unknown> = Promise.resolve()
  return <A>(_: string, use: () => Promise<A>): Promise<A> => {
    const turn = last.then(use)
    last = turn.catch(() => undefined)
    return turn
  }
}

const overPairs = (isLocked: boolean) => {
  const pairs = new Map<string, TokenPair | null>()
  const exclusive = takingTurns()
  return (pause: Task<void>): TokenStore =>
    pairCallbackStore({
      retrieve: async (key) => {
        await pause()
        return pairs.get(key)
      },
      store: async (pair, key) => {
        await pause()
        pairs.set(key, pair)
        await pause()
      },
      ...(isLocked && { exclusive }),
    })
}

describe.each([
  ['memoryStore', () => memoryStore()],
  ['recordCallbackStore', overRecords()],
  ['pairCallbackStore', overPairs(false)],
  ['pairCallbackStore with a lock', overPairs(true)],
])('%s', (_, make) => {
  for (const { name, run } of tokenStoreLaws(make, { numRuns: 40 })) test(name, run)
})

test('what each promises', () => {
  const pause = async (): Promise<void> => undefined
  expect(memoryStore()).toMatchObject({ guarantee: 'process', ephemeral: true })
  expect(overRecords()(pause).guarantee).toBe('shared')
  expect(overRecords()(pause).ephemeral).toBeUndefined()
  expect(overPairs(false)(pause).guarantee).toBe('process')
  expect(overPairs(true)(pause).guarantee).toBe('shared')
  expect(overPairs(false)(pause).exclusive).toBeUndefined()
})

describe('the subscription of memoryStore', () => {
  const next = (version: string) => ({ version, record: Secret.make('Record', '{}') })
  const listen = (store: TokenStore, key: string) => {
    const told: Array<O.Option<string>> = []
    const end = store.changes?.(key, (version) => told.push(version))
    if (end === undefined) throw new Error('there are changes')
    return { told, end }
  }

  test('is told the version of each write under its key, and nothing of a conflict, a re-send or another key', async () => {
    const store = memoryStore()
    await store.compareAndSet('a', '', next('1'))()
    const { told, end } = listen(store, 'a')
    await store.compareAndSet('a', '', next('1'))()
    await store.compareAndSet('a', 'x', next('2'))()
    await store.compareAndSet('b', '', next('3'))()
    expect(told).toEqual([])
    await store.compareAndSet('a', '1', next('4'))()
    await store.compareAndSet('a', '4', next('5'))()
    expect(told).toEqual([O.some('4'), O.some('5')])
    end()
    end()
  })

  test('one that ended does not end another, of the same function either', async () => {
    const store = memoryStore()
    const told: Array<O.Option<string>> = []
    const onChange = (version: O.Option<string>) => told.push(version)
    const [first, second] = [store.changes?.('a', onChange), store.changes?.('a', onChange)]
    first?.()
    first?.()
    await store.compareAndSet('a', '', next('1'))()
    expect(told).toEqual([O.some('1')])
    second?.()
    await store.compareAndSet('a', '1', next('2'))()
    expect(told).toEqual([O.some('1')])
  })
})

describe('recordCallbackStore', () => {
  const next = { version: 'v1', record: Secret.make('Record', '{"v":1}') }

  test('the callbacks see an opened text, and null where nothing is expected', async () => {
    const seen: Array<unknown> = []
    const store = recordCallbackStore({
      load: async () => null,
      compareAndSwap: async (...given) => {
        seen.push(given)
        return true
      },
    })
    await store.compareAndSet('a', '', next)()
    await store.compareAndSet('a', 'v0', next)()
    expect(seen).toEqual([
      ['a', null, { version: 'v1', record: '{"v":1}' }],
      ['a', 'v0', { version: 'v1', record: '{"v":1}' }],
    ])
  })

  test("the database's time is the store's, where it is given", async () => {
    const at = (now: number | undefined) =>
      recordCallbackStore({
        load: async () => ({ version: 'v', record: '{}', ...(now !== undefined && { now }) }),
        compareAndSwap: async () => true,
      }).get('a')()
    expect(await at(5)).toMatchObject({ right: { now: O.some(5) } })
    expect(await at(undefined)).toMatchObject({ right: { now: O.none } })
    const empty = recordCallbackStore({ load: async () => ({ now: 5 }), compareAndSwap: async () => true })
    expect(await empty.get('a')()).toEqual({ _tag: 'Right', right: { version: '', record: O.none, now: O.some(5) } })
  })

  test('a write whose answer was lost is recognised when it is sent again', async () => {
    const rows = new Map<string, StoredRecord>()
    let isLost = true
    const store = recordCallbackStore({
      load: async (key) => rows.get(key),
      compareAndSwap: async (key, expected, row) => {
        if ((rows.get(key)?.version ?? null) !== expected) return false
        rows.set(key, row)
        if (isLost) throw new Error('connection lost')
        return true
      },
    })
    expect(tagOf(await store.compareAndSet('a', '', next)())).toBe('StoreFailed')
    isLost = false
    expect(await store.compareAndSet('a', '', next)()).toMatchObject({ right: { _tag: 'Committed' } })
  })

  test.each([[null], [undefined]])('a row that is %j is none', async (row) => {
    const store = recordCallbackStore({ load: async () => row, compareAndSwap: async () => true })
    expect(await store.get('a')()).toEqual(E.right({ version: '', record: O.none, now: O.none }))
  })

  const broken: ReadonlyArray<readonly [string, () => never | Promise<never>]> = [
    [
      'throws',
      () => {
        throw new Error('password hunter22')
      },
    ],
    ['rejects', () => Promise.reject(new Error('password hunter22'))],
  ]
  test.each(broken)('a callback that %s is a typed error, and what it threw is not shown', async (_, fail) => {
    const failing = recordCallbackStore({ load: fail, compareAndSwap: fail })
    const loadless = recordCallbackStore({ load: fail, compareAndSwap: async () => false })
    const results = [
      await failing.get('a')(),
      await failing.compareAndSet('a', '', next)(),
      await loadless.compareAndSet('a', '', next)(),
    ]
    const [atLoad, atSwap] = [
      AuthError.storeFailed('get', 'the callback load threw'),
      AuthError.storeFailed('compareAndSet', 'the callback compareAndSwap threw'),
    ]
    expect(results).toEqual([E.left(atLoad), E.left(atSwap), E.left(atLoad)])
  })
})
