import {
  AuthError,
  absent,
  type Committed,
  committed,
  conflict,
  type Key,
  memoryStore,
  type Next,
  type Stamped,
  type TokenStore,
  type Version,
} from '@tessera/core'
import { storeLaws } from '@tessera/testing'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'

const there = (next: Next | undefined): Stamped =>
  next === undefined
    ? { version: absent, record: O.none, now: O.none }
    : { version: next.version, record: O.some(next.record), now: O.none }

type Write = (rows: Map<Key, Next>, key: Key, expected: Version, next: Next) => ReturnType<typeof conflict> | Committed

const storeWith =
  (write: Write, pauseInside = false, read = (rows: Map<Key, Next>, key: Key) => rows.get(key)) =>
  (pause: () => Promise<void>): TokenStore => {
    const rows = new Map<Key, Next>()
    return {
      guarantee: 'shared',
      get: (key) => async () => TE.right(there(read(rows, key)))(),
      compareAndSet: (key, expected, next) => async () => {
        const seen = new Map(rows)
        if (pauseInside) await pause()
        const answer = write(pauseInside ? seen : rows, key, expected, next)
        const written = seen.get(key)
        if (pauseInside && written !== undefined) rows.set(key, written)
        return TE.right(answer)()
      },
    }
  }

const lawful: Write = (rows, key, expected, next) => {
  const found = rows.get(key)
  if (found?.version === next.version) return committed
  if ((found?.version ?? absent) !== expected) return conflict(there(found))
  rows.set(key, next)
  return committed
}

const lawsOf = (make: (pause: () => Promise<void>) => TokenStore) => storeLaws({ make, numRuns: 60 })
const broken = async (make: (pause: () => Promise<void>) => TokenStore): Promise<number> => {
  const runs = await Promise.allSettled(lawsOf(make).map(({ run }) => run()))
  return runs.filter(({ status }) => status === 'rejected').length
}

test('a lawful store breaks no law', async () => {
  expect(await broken(storeWith(lawful))).toBe(0)
  expect(await broken(() => memoryStore())).toBe(0)
})

describe('each of these breaks one', () => {
  const cases: ReadonlyArray<readonly [string, (pause: () => Promise<void>) => TokenStore]> = [
    [
      'a store that writes blindly',
      storeWith((rows, key, _, next) => {
        rows.set(key, next)
        return committed
      }),
    ],
    ['a store that writes nothing', storeWith(() => committed)],
    ['a store that reads, waits, and then writes', storeWith(lawful, true)],
    [
      'a store that does not know a write again',
      storeWith((rows, key, expected, next) => {
        const found = rows.get(key)
        return found?.version === next.version ? conflict(there(found)) : lawful(rows, key, expected, next)
      }),
    ],
    [
      'a store whose conflict brings nothing',
      storeWith((rows, key, expected, next) => {
        const answer = lawful(rows, key, expected, next)
        return answer._tag === 'Conflict' ? conflict(there(undefined)) : answer
      }),
    ],
    [
      'a store that writes in spite of a conflict',
      storeWith((rows, key, expected, next) => {
        const answer = lawful(rows, key, expected, next)
        rows.set(key, next)
        return answer
      }),
    ],
    [
      'a store of one slot',
      storeWith(
        (rows, _, expected, next) => lawful(rows, 'one', expected, next),
        false,
        (rows) => rows.get('one'),
      ),
    ],
    [
      'a store that fails',
      () => ({
        ...memoryStore(),
        get: () => TE.left(AuthError.storeFailed('get', 'always')),
      }),
    ],
    [
      'a store that wakes nobody',
      () => ({
        ...memoryStore(),
        changes: () => {
          const never = new AbortController()
          const ended = new Promise<void>((resolve) => {
            never.signal.addEventListener('abort', () => resolve())
          })
          return { changed: () => ended, end: () => never.abort() }
        },
      }),
    ],
  ]
  test.each(cases)('%s', async (_, make) => {
    expect(await broken(make)).toBeGreaterThan(0)
  })
})
