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
import { type MakeStore, tokenStoreLaws } from '@tessera/testing'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'

const there = (next: Next | undefined): Stamped =>
  next === undefined
    ? { version: absent, record: O.none, now: O.none }
    : { version: next.version, record: O.some(next.record), now: O.none }

type Write = (rows: Map<Key, Next>, key: Key, expected: Version, next: Next) => ReturnType<typeof conflict> | Committed

const storeWith =
  (
    write: Write,
    pauseInside = false,
    read = (rows: Map<Key, Next>, key: Key) => rows.get(key),
    rows = new Map<Key, Next>(),
  ) =>
  (pause: () => Promise<void>): TokenStore => {
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

const broken = async (make: MakeStore): Promise<number> => {
  const runs = await Promise.allSettled(tokenStoreLaws(make, { numRuns: 60 }).map(({ run }) => run()))
  return runs.filter(({ status }) => status === 'rejected').length
}

test('a lawful store breaks no law', async () => {
  expect(await broken(storeWith(lawful))).toBe(0)
  expect(await broken(() => memoryStore())).toBe(0)
})

describe('each of these breaks one', () => {
  const cases: ReadonlyArray<readonly [string, MakeStore]> = [
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

test('a report says what is not so, by which calls, and how to see it again', async () => {
  const blind = storeWith((rows, key, _, next) => {
    rows.set(key, next)
    return committed
  })
  const law = tokenStoreLaws(blind, { seed: 1 }).find(({ name }) => name.startsWith('what was written is there'))
  const failure = await law?.run().catch((error: Error) => error.message)
  expect(failure).toMatch(
    /^not so: what was written is there; .*\nbecause a write onto another version .* is committed\n/,
  )
  expect(failure).toMatch(/made smaller \d+ times:\n(?: {2}write\(key \d onto \w+, \d+ characters\)\n){1,3}To see/)
  expect(failure).toMatch(/To see it again: \{ seed: 1 \}$/)
})
