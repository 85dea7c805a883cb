/** A date that is set back ends no pause early, and makes none long. */
import { millis, plus, seconds, type TokenSource } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { always } from './support/answers.js'
import { rejected, START, type TestEnv, tagOf, textOf } from './support/basics.js'
import { settable } from './support/environments.js'
import { HOUR, holding, leaseOf, living, open, refreshable, until, YEAR } from './support/opened.js'

describe.each([
  ['an hour', HOUR],
  ['a year', YEAR],
])('a clock that is set back by %s', (_, by) => {
  /** Asks ten times a second for a minute. */
  const busyMinute = async (env: TestEnv, source: TokenSource) => {
    for (let calls = 0; calls < 600; calls++) {
      void source.get()
      await env.clock.advance(millis(100))
    }
  }

  test('during a back-off: it goes on', async () => {
    const { env, setBack } = settable()
    const { source, attempts } = open(always(E.left(rejected(500))), { env })
    await busyMinute(env, source)
    const before = attempts().length
    setBack(by)
    expect(tagOf(await source.get())).toBe('Rejected')
    expect(attempts()).toHaveLength(before)
    await busyMinute(env, source)
    expect(attempts().length - before).toBeGreaterThanOrEqual(1)
    expect(attempts().length).toBeLessThanOrEqual(before + 3)
  })

  test('during a cool-down: asked again within a minute', async () => {
    const { env, setBack } = settable()
    const throttled = E.left(rejected(429, { retryAfter: O.some(seconds(60)) }))
    const { source, got, attempts } = open([throttled, E.right(living('a'))], { env })
    await env.clock.settle(source.get())
    setBack(by)
    await busyMinute(env, source)
    expect(await got()).toBe('a')
    expect(attempts()).toHaveLength(2)
  })

  test('during the wait for another: its lease is taken over within a minute', async () => {
    const { env, setBack } = settable()
    const store = await holding({
      token: O.some(refreshable(plus(START, HOUR), 'stale')),
      refused: true,
      lease: leaseOf(plus(START, seconds(20))),
    })
    const { source, attempts } = open([E.right(living('new'))], { env, store }, { needsRefreshToken: true })
    const waiting = source.get()
    await env.clock.advance(seconds(1))
    setBack(by)
    await env.clock.advance(seconds(60))
    expect(textOf(await waiting)).toBe('new')
    expect(attempts()).toHaveLength(1)
  })

  test('during a pause of an early renewal that failed: it goes on', async () => {
    const { env, setBack } = settable()
    // So long that it is still to be renewed early when the clock is set back.
    const lifetime = millis(20 * by)
    const failing = always(E.left(rejected(400)))
    const answers = function* () {
      yield E.right(until(plus(START, lifetime), 'old'))
      yield* failing
    }
    const { source, attempts } = open(answers(), { env, renewBefore: lifetime })
    const ask = async () => {
      expect(textOf(await env.clock.settle(source.get()))).toBe('old')
      await env.clock.settle(source.settled())
    }
    await source.get()
    await env.clock.advance(millis(lifetime - seconds(30)))
    await ask()
    const before = attempts().length
    setBack(by)
    await ask()
    expect(attempts()).toHaveLength(before)
    await busyMinute(env, source)
    expect(attempts().length).toBeLessThanOrEqual(before + 10)
  })
})
