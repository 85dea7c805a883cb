/** How long a server is left alone that asked for it. */
import { AuthError, instant, memoryStore, millis, minutes, seconds, TokenSource, type TokenStore } from '@tessera/core'
import { scriptedStrategy } from '@tessera/testing'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { rejected, START, tagOf, testEnv, textOf, token } from './support/basics.js'
import { living, next, open, unhurried } from './support/opened.js'

test('B-OAUTH2-04 what the server asked for is waited for by all who share the store, and no longer', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1_000, max: 14_000 }), async (wait) => {
      const env = testEnv()
      const store = memoryStore()
      const throttled = scriptedStrategy([E.left(rejected(429, { retryAfter: O.some(millis(wait)) }))])
      const first = pipe(throttled.strategy, TokenSource.make({ store }))(env)()
      expect(tagOf(await first.get())).toBe('Rejected')
      const answering = scriptedStrategy([E.right(token('abc'))])
      const second = pipe(answering.strategy, TokenSource.make({ store }))(env)()
      expect(textOf(await env.clock.settle(second.get()))).toBe('abc')
      expect(env.clock.now()).toBeGreaterThanOrEqual(START + wait)
      expect(env.clock.now()).toBeLessThanOrEqual(START + wait + 500)
    }),
    { numRuns: 20 },
  )
})

describe('a cool-down that the server asked for', () => {
  const throttled = (ms: number) => E.left(rejected(429, { retryAfter: O.some(millis(ms)) }))
  const asking = AuthError.timedOut('the back-off that the server asked for')

  test('is waited for where it ends before the call does', async () => {
    const { source, timed } = open([throttled(12_999), E.right(living('a'))], { timeout: seconds(4) })
    await source.get()
    const { result, took } = await timed(source.get())
    expect(textOf(result)).toBe('a')
    expect(took).toBe(12_999)
  })

  test('is answered at once where the call would end first', async () => {
    const { source, timed, attempts } = open([throttled(13_000)], { timeout: seconds(4) })
    await source.get()
    expect(await timed(source.get())).toEqual({ result: E.left(asking), took: 0 })
    expect(attempts()).toHaveLength(1)
  })

  test('of another process: by what this one knows of the server', async () => {
    const env = testEnv()
    const store = memoryStore()
    const ours = open([E.left(rejected(500))], { env, store })
    const theirs = open([throttled(60_000)], { env, store })
    await ours.source.get()
    await theirs.source.get()
    await env.clock.advance(seconds(2))
    expect(await ours.timed(ours.source.get())).toEqual({ result: E.left(rejected(500)), took: 0 })
  })

  test('of a valid token ends by the clock of the store', async () => {
    const env = testEnv()
    const memory = memoryStore()
    const store: TokenStore = {
      ...memory,
      get: (key) =>
        pipe(
          memory.get(key),
          TE.map((there) => ({ ...there, now: O.some(instant(env.clock.now() + 100_000)) })),
        ),
    }
    const answers = [E.right(living('a')), E.left(rejected(503)), E.right(next('b'))]
    const { source, attempts, inspect } = open(answers, { env, store, renewBefore: minutes(20), ...unhurried })
    const ask = async () => {
      expect(textOf(await source.get())).toBe('a')
      await env.clock.settle(source.settled())
    }
    await ask()
    await env.clock.advance(minutes(51))
    await ask()
    expect(attempts()).toHaveLength(2)
    const { waitingUntil } = await inspect()
    const end = O.isSome(waitingUntil) ? waitingUntil.value : START
    await env.clock.advance(millis(Math.floor(end - env.clock.now())))
    await ask()
    expect(attempts()).toHaveLength(2)
    await env.clock.advance(millis(1))
    await ask()
    expect(attempts()).toHaveLength(3)
  })
})
