import {
  AuthError,
  absent,
  type Cipher,
  encrypted,
  memoryStore,
  remoteCallback,
  Secret,
  type StoredRecord,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { tokenStoreLaws } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { left, right } from './support/basics.js'
import { next, overRows, recordAfter, toy } from './support/encryption.js'

const textOf = async (store: TokenStore, key: string): Promise<string> => {
  const { record } = right(await store.get(key)())
  return O.isSome(record) ? Secret.open(record.value) : 'nothing'
}
const whyNot = (result: E.Either<AuthError, unknown>): string => AuthError.show.show(left(result))

const rowStore = overRows().inner

describe.each([
  ['memoryStore', () => encrypted(toy('a'))(memoryStore())],
  ['recordCallbackStore', () => encrypted(toy('a'))(rowStore)],
  ['itself', () => encrypted(toy('a'))(encrypted(toy('b'), { namespace: 'inner' })(memoryStore()))],
])('the laws of a store, over %s', (_, make) => {
  for (const { name, run } of tokenStoreLaws(make, { numRuns: 20 })) test(name, run)
})

test('it promises what the store below promises', () => {
  const kept = ({ guarantee, ephemeral, mayLoseWrites, changes, exclusive }: TokenStore) => [
    guarantee,
    ephemeral === true,
    mayLoseWrites === true,
    changes !== undefined,
    exclusive !== undefined,
  ]
  const locked: TokenStore = { ...overRows().inner, exclusive: (_, use) => use }
  for (const store of [memoryStore(), overRows().inner, locked, { ...overRows().inner, mayLoseWrites: true }])
    expect(kept(encrypted(toy('a'))(store))).toEqual(kept(store))
})

test('the lock of the store below is held around the use', async () => {
  const told: string[] = []
  const locked: TokenStore = {
    ...overRows().inner,
    exclusive: (key, use) => async () => {
      told.push(`lock ${key}`)
      const result = await use()
      told.push('unlock')
      return result
    },
  }
  await encrypted(toy('a'))(locked).exclusive?.('key', async () => E.right(told.push('use')))()
  expect(told).toEqual(['lock key', 'use', 'unlock'])
})

describe('a record in another place does not open, and is not written over', () => {
  const written = async () => {
    const { rows, inner } = overRows()
    const store = encrypted(toy('a'), { namespace: 'n' })(inner)
    for (const key of ['key', 'other']) right(await store.compareAndSet(key, absent, next(`one of ${key}`))())
    const row = rows.get('key')
    if (row === undefined) throw new Error('nothing is written')
    return { rows, inner, row }
  }
  const expectKept = async (store: TokenStore, rows: ReadonlyMap<string, StoredRecord>, key: string) => {
    const before = rows.get(key)
    expect(whyNot(await store.get(key)())).toMatch('failed at decode')
    for (const expected of [absent, before?.version ?? '', 'stale'])
      expect(whyNot(await store.compareAndSet(key, expected, next('two'))())).toMatch('failed at decode')
    expect(rows.get(key)).toEqual(before)
  }

  test('another key', async () => {
    const { rows, inner, row } = await written()
    rows.set('other', row)
    await expectKept(encrypted(toy('a'), { namespace: 'n' })(inner), rows, 'other')
  })

  test('another version', async () => {
    const { rows, inner, row } = await written()
    rows.set('key', { ...row, version: 'later' })
    await expectKept(encrypted(toy('a'), { namespace: 'n' })(inner), rows, 'key')
  })

  test('another namespace', async () => {
    const { rows, inner } = await written()
    await expectKept(encrypted(toy('a'), { namespace: 'm' })(inner), rows, 'key')
    await expectKept(encrypted(toy('a'))(inner), rows, 'key')
  })

  test('but no namespace is the empty one', async () => {
    const { inner } = overRows()
    right(await encrypted(toy('a'))(inner).compareAndSet('key', absent, next('one'))())
    expect(E.isRight(await encrypted(toy('a'), { namespace: '' })(inner).get('key')())).toBe(true)
  })

  test('another cipher', async () => {
    const { rows, inner } = await written()
    await expectKept(encrypted(toy('b'), { namespace: 'n' })(inner), rows, 'key')
  })

  test('no two places have the same data', async () => {
    const { rows, inner } = overRows()
    right(await encrypted(toy('a'), { namespace: 'ab' })(inner).compareAndSet('cd', absent, next('ef'))())
    const row = rows.get('cd')
    if (row === undefined) throw new Error('nothing is written')
    for (const [namespace, key, version] of [
      ['a', 'bcd', 'ef'],
      ['abc', 'd', 'ef'],
      ['ab', 'c', 'def'],
      ['ab', 'cde', 'f'],
      ['ab","cd', '', 'ef'],
      ['ab', 'cd","ef', ''],
    ] as const) {
      rows.set(key, { ...row, version })
      expect(whyNot(await encrypted(toy('a'), { namespace })(inner).get(key)())).toMatch('failed at decode')
    }
  })
})

test('what was read or written here is written over without another read', async () => {
  const { asked, inner } = overRows()
  const [store, other] = [encrypted(toy('a'))(inner), encrypted(toy('a'))(inner)]
  right(await store.compareAndSet('key', absent, next('one'))())
  right(await store.compareAndSet('key', 'one', next('two'))())
  expect(asked.splice(0)).toEqual(['compareAndSwap', 'compareAndSwap'])
  right(await other.get('key')())
  right(await other.compareAndSet('key', 'two', next('three'))())
  expect(asked.splice(0)).toEqual(['load', 'compareAndSwap'])
  expect(right(await store.compareAndSet('key', 'two', next('four'))())).toMatchObject({ _tag: 'Conflict' })
  right(await store.compareAndSet('key', 'three', next('five'))())
  expect(asked.splice(0)).toEqual(['compareAndSwap', 'load', 'compareAndSwap'])
  right(await encrypted(toy('a'))(inner).compareAndSet('key', 'five', next('six'))())
  expect(asked).toEqual(['load', 'compareAndSwap'])
  expect(await textOf(store, 'key')).toBe('record of six')
})

test('of many keys, the latest are remembered', async () => {
  const { asked, inner } = overRows()
  const store = encrypted(toy('a'))(inner)
  const count = 10_001
  for (let i = 0; i < count; i++) right(await store.compareAndSet(`${i}`, absent, next('one'))())
  asked.length = 0
  right(await store.compareAndSet('1', 'one', next('two'))())
  right(await store.compareAndSet('0', 'one', next('two'))())
  expect(asked).toEqual(['compareAndSwap', 'load', 'compareAndSwap'])
})

test('a cipher that throws is a failure of the store, and what it threw is not shown', async () => {
  const throwing: Cipher = {
    seal: () => () => {
      throw new Error('canary')
    },
    open: () => {
      throw new Error('canary')
    },
  }
  const { inner } = overRows()
  right(await inner.compareAndSet('key', absent, next('one'))())
  const store = encrypted(throwing)(inner)
  expect(await store.get('key')()).toEqual(E.left(AuthError.storeFailed('decode', 'the cipher threw')))
  expect(await store.compareAndSet('other', absent, next('one'))()).toEqual(
    E.left(AuthError.storeFailed('compareAndSet', 'the cipher threw')),
  )
})

test('a session whose record does not open is reported, and stays in the store', async () => {
  expect(await recordAfter({ encrypted, remoteCallback, TokenSource })).toEqual({
    isKept: true,
    told: Array(4).fill('StoreFailed'),
  })
})
