/** What is broken in which way is in `packages/proof`. */
import { absent, committed, type Key, memoryStore, type Next, type TokenStore } from '@tessera/core'
import { type Law, tokenStoreLaws } from '@tessera/testing'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'

/** It writes, whatever is there. */
const blind = (): TokenStore => {
  const rows = new Map<Key, Next>()
  return {
    guarantee: 'process',
    get: (key) =>
      TE.fromIO(() => {
        const row = rows.get(key)
        return row === undefined
          ? { version: absent, record: O.none, now: O.none }
          : { version: row.version, record: O.some(row.record), now: O.none }
      }),
    compareAndSet: (key, _, next) =>
      TE.fromIO(() => {
        rows.set(key, next)
        return committed
      }),
  }
}

const failure = async ({ run }: Law): Promise<string> => {
  try {
    await run()
    return 'none'
  } catch (error) {
    return error instanceof Error ? error.message : 'no error'
  }
}
const lawOf = (laws: ReadonlyArray<Law>, name: string): Law => {
  const law = laws.find((of) => of.name.startsWith(name))
  if (law === undefined) throw new Error(`there is no law "${name}"`)
  return law
}

for (const { name, run } of tokenStoreLaws(memoryStore, { numRuns: 30 })) test(`memoryStore: ${name}`, run)

test('a report says what is not so, by which calls, and how to see it again', async () => {
  const text = await failure(lawOf(tokenStoreLaws(blind, { seed: 1 }), 'what was written is there'))
  expect(text).toMatch(/^not so: what was written is there; .*\nbecause a write onto another version .* is committed\n/)
  expect(text).toMatch(
    /made smaller \d+ times:\n(?: {2}process \d: write\(key \d onto \w+, \d+ characters\)\n){1,2}To see it again: \{ seed: 1 \}$/,
  )
})

test('the same seed finds the same', async () => {
  const once = () => failure(lawOf(tokenStoreLaws(blind, { seed: 7 }), 'of writes onto one version'))
  expect(await once()).toBe(await once())
  expect(await once()).toMatch(/because \d of \d are committed/)
})

test('a store that never answers is found out, and does not hold up the tests', async () => {
  const silent = (): TokenStore => ({ ...memoryStore(), get: () => () => new Promise(() => undefined) })
  const laws = tokenStoreLaws(silent, { timeout: 20, numRuns: 1, endOnFailure: true })
  expect(await failure(lawOf(laws, 'there is nothing'))).toMatch(/because .*20 milliseconds/)
})

test('names are distinct', () => {
  const names = tokenStoreLaws(memoryStore).map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
})
