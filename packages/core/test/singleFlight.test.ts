/** Who joins a renewal that is under way. */
import { instant, millis, seconds } from '@tessera/core'
import type { ScriptedAnswer } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { slowly } from './support/answers.js'
import { access, rejected, type TestEnv, testEnv, textOf } from './support/basics.js'
import { at, HOUR, holding, living, next, open, refreshable, until } from './support/opened.js'

describe('who joins a renewal', () => {
  test('is not served a token that has expired since it was offered to others', async () => {
    const env = testEnv()
    const answers: ReadonlyArray<ScriptedAnswer> = [
      E.right(living('a')),
      () => slowly(env, 12_000)(TE.right(next('b'))),
    ]
    const { source, got, attempts } = open(answers, { env, maxStale: millis(0) })
    await source.get()
    await env.clock.advance(millis(HOUR - 5_000))
    expect(await got()).toBe('a')
    await env.clock.advance(seconds(1))
    expect(await got()).toBe('a')
    await env.clock.advance(seconds(4))
    expect(await got()).toBe('b')
    expect(attempts()).toHaveLength(2)
  })

  test('is served the token that is valid still, also where nobody had read it yet', async () => {
    const env = testEnv()
    const store = await holding({ token: O.some(refreshable(at(60_000), 'a')) })
    const { source, timed } = open([() => slowly(env, 12_000)(TE.right(next('b')))], { env, store })
    await env.clock.advance(seconds(58))
    const { result, took } = await timed(Promise.all([source.get(), source.get(), source.get()]))
    expect(result.map(textOf)).toEqual(['a', 'a', 'a'])
    expect(took).toBe(0)
  })

  test('waits with the others for it, also when an earlier one has ended', async () => {
    const env = testEnv()
    const busy = E.left(rejected(429, { retryAfter: O.some(seconds(5)) }))
    const { source } = open([() => slowly(env, 2_000)(async () => busy), E.right(living('a'))], { env })
    void source.get()
    await env.clock.advance(seconds(1))
    void source.invalidate(access('another'))()
    void source.get()
    const waiting = source.get()
    await env.clock.advance(seconds(2))
    expect(source.get()).toBe(waiting)
    expect(textOf(await env.clock.settle(waiting))).toBe('a')
  })

  test('gets an answer, however soon a token is over', async () => {
    const brief = function* (env: TestEnv, lifetime: number): Generator<ScriptedAnswer> {
      for (;;) yield () => async () => E.right(until(instant(env.clock.now() + lifetime), 'brief'))
    }
    for (let lifetime = 1; lifetime <= 60; lifetime++) {
      const plain = testEnv()
      let looks = 0
      // Time goes on by a millisecond with each look at the clock.
      const env = { ...plain, clock: { ...plain.clock, now: () => instant(plain.clock.now() + looks++) } }
      const { source } = open(brief(env, lifetime), { env })
      const calls = Promise.allSettled([source.get(), source.get(), source.get()])
      expect((await env.clock.settle(calls)).map(({ status }) => status)).toEqual(Array(3).fill('fulfilled'))
    }
  })
})
