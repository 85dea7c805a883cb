/** The row of scheduled runs can fail: it is run with parts that are broken on purpose. */
import { memoryStore, type Strategy, TokenSource, type TokenStore } from '@tessera/core'
import type { MakeSource } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import { interleavings, interleavingsWith } from '../../src/faults/rows/interleavings.js'
import { judge } from './support/judge.js'

const making =
  (over: (strategy: Strategy<unknown>) => Strategy<unknown>): MakeSource =>
  ({ strategy, env, ...parts }) =>
    TokenSource.make<unknown>({ ...parts, key: 'session' })(over(strategy))(env)()

const real = making((strategy) => strategy)

test('a store in which the last write wins', async () => {
  const lastWins = (): TokenStore => {
    const store = memoryStore()
    return {
      ...store,
      compareAndSet: (key, _expected, next) => async () => {
        const there = await store.get(key)()
        return E.isLeft(there) ? there : store.compareAndSet(key, there.right.version, next)()
      },
    }
  }
  const { ok, findings } = await judge(interleavingsWith({ make: real, store: lastWins }), 300)
  expect(ok).toBe(false)
  expect(findings.staleOverwrites).toBeGreaterThan(0)
  expect(findings.problems.join()).toMatch(/"[a-z ]+" is broken: .* \(run \d+ of fast-check's seed \d+\)/)
})

test('a strategy that sends twice', async () => {
  const twice = making((strategy) =>
    Object.assign(
      ((attempt) => (env) => async () => {
        await strategy(attempt)(env)()
        return strategy(attempt)(env)()
      }) satisfies Strategy<unknown>,
      { traits: strategy.traits ?? {} },
    ),
  )
  const { ok, findings } = await judge(interleavingsWith({ make: twice, store: memoryStore }), 30)
  expect(ok).toBe(false)
  expect(findings.doubleRedemptions).toBeGreaterThan(0)
})

test('the source of core is not found out', async () => {
  expect(await judge(interleavings, 30)).toMatchObject({ ok: true, findings: { problems: [] } })
})
