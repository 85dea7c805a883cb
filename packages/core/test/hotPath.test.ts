/** What is done when a token is at hand: next to nothing. */
import { memoryStore, RetryPolicy, remoteCallback, Strategy, seconds, TokenSource } from '@tessera/core'
import { scriptedStrategy } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { right, testEnv, textOf, token } from './support/basics.js'
import { living } from './support/opened.js'
import { counted } from './support/stores.js'

describe('the hot path', () => {
  test('reads the clock once, asks no store, and brings the very same promise', async () => {
    const env = testEnv()
    const { store, calls } = counted()
    const { strategy } = scriptedStrategy([E.right(living('abc'))])
    const source = pipe(strategy, TokenSource.make({ store }))(env)()
    await source.get()
    await source.settled()
    const before = { reads: env.clock.reads(), ...calls }
    const promises = Array.from({ length: 1_000 }, source.get)
    expect(new Set(promises).size).toBe(1)
    expect({ reads: env.clock.reads(), ...calls }).toEqual({ ...before, reads: before.reads + 1_000 })
    expect(textOf(await source.get())).toBe('abc')
    expect(env.clock.pending()).toBe(0)
  })

  test('builds no pipeline: each layer is constructed once a request, however many ask', async () => {
    const env = testEnv()
    const constructions = { attempt: 0, environment: 0 }
    const innermost: Strategy<unknown> = () => {
      constructions.attempt++
      return () => {
        constructions.environment++
        return TE.right(living('abc'))
      }
    }
    const source = pipe(
      innermost,
      Strategy.retrying(RetryPolicy.exponential()),
      Strategy.within(seconds(10)),
      Strategy.mapLeft((error) => error),
      TokenSource.make({ store: memoryStore() }),
    )(env)()
    await Promise.all(Array.from({ length: 1_000 }, source.get))
    for (let calls = 0; calls < 1_000; calls++) await source.get()
    expect(constructions).toEqual({ attempt: 1, environment: 1 })
  })

  test('peek asks no store', async () => {
    const env = testEnv()
    const { store, calls } = counted()
    const source = pipe(
      remoteCallback(() => 'abc'),
      TokenSource.make({ store }),
    )(env)()
    expect(source.peek()).toEqual(O.none)
    expect(calls).toEqual({ get: 0, compareAndSet: 0 })
    const got = right(await source.get())
    const before = { ...calls }
    expect(source.peek()).toEqual(O.some(got))
    expect(calls).toEqual(before)
  })

  test('making a source does nothing', () => {
    const env = testEnv()
    const { store, calls } = counted()
    const { strategy, attempts } = scriptedStrategy([])
    pipe(strategy, TokenSource.make({ store, initial: token('abc') }))(env)()
    expect({ ...calls, reads: env.clock.reads(), attempts: attempts().length }).toEqual({
      get: 0,
      compareAndSet: 0,
      reads: 0,
      attempts: 0,
    })
  })
})
