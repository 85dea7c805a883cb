/** A token that expires is not served, whatever happens meanwhile. */
import { memoryStore, millis, minutes, plus, seconds, type TokenStore } from '@tessera/core'
import type { ScriptedAnswer } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { always, later } from './support/answers.js'
import { access, left, right, START, tagOf, testEnv, textOf } from './support/basics.js'
import { HOUR, holding, living, open, until } from './support/opened.js'

describe('a token that expires', () => {
  test('while its early renewal hangs: who comes then waits for the landing', async () => {
    const env = testEnv()
    const far = plus(START, minutes(180))
    const { source, got, attempts } = open(
      [E.right(living('old')), later(env, seconds(12), E.right(until(far, 'new')))],
      { env },
    )
    await source.get()
    await env.clock.advance(millis(HOUR - 5_000))
    expect(textOf(await source.get())).toBe('old')
    await env.clock.advance(millis(5_000))
    expect(source.peek()).toEqual(O.none)
    expect(await got()).toBe('new')
    expect(attempts()).toHaveLength(2)
  })

  test('while the store answers: it is not served', async () => {
    const env = testEnv()
    const memory = await holding({ token: O.some(living('old')) })
    const store: TokenStore = {
      ...memory,
      get: (key) => async () => {
        const answer = await memory.get(key)()
        await env.clock.sleep(seconds(3))()
        return answer
      },
    }
    await env.clock.advance(millis(HOUR - 2_000))
    const { got } = open([E.right(until(plus(START, minutes(180)), 'new'))], { env, store })
    expect(await got()).toBe('new')
  })

  test('while the renewal that it began is written: who comes then waits for the landing', async () => {
    const env = testEnv()
    const memory = memoryStore()
    const slow: TokenStore = {
      ...memory,
      compareAndSet: (...args) =>
        pipe(memory.compareAndSet(...args), (write) => async () => {
          await env.clock.sleep(seconds(6))()
          return write()
        }),
    }
    const far = plus(START, minutes(180))
    const theirs = open([E.right(living('old')), E.right(until(far, 'theirs'))], { env, store: memory })
    expect(await theirs.got()).toBe('old')
    await env.clock.advance(millis(HOUR - 4_000))
    // Nothing is fresh without a read, and so every call reads.
    const ours = open([E.right(until(far, 'ours'))], { env, store: slow, maxStale: millis(0) })
    const early = ours.source.get()
    await env.clock.advance(millis(1_000))
    expect(textOf(await early)).toBe('old')
    await theirs.source.invalidate(access('old'))()
    expect(await theirs.got()).toBe('theirs')
    await env.clock.advance(millis(3_500))
    expect(right(await env.clock.settle(ours.source.inspect()))).toMatchObject({ state: 'valid' })
    expect(await ours.got()).toBe('theirs')
  })

  test('before it came: it is stored, and not served; who asks again sends nothing for a while', async () => {
    const env = testEnv()
    const over = () => async () => E.right(until(env.clock.now(), `over-${attempts().length}`))
    const { source, got, attempts, cell } = open([over, over, over, E.right(living('new'))], { env })
    expect(left(await source.get())).toMatchObject({ _tag: 'Malformed', what: 'answer of the strategy' })
    expect(await cell()).toMatchObject({ generation: 1 })
    for (let calls = 0; calls < 100; calls++) expect(tagOf(await source.get())).toBe('Malformed')
    expect(attempts()).toHaveLength(1)
    for (const wait of [seconds(1), seconds(1)]) {
      await env.clock.advance(wait)
      expect(tagOf(await source.get())).toBe('Malformed')
    }
    expect(attempts()).toHaveLength(3)
    await env.clock.advance(seconds(1))
    expect(await got()).toBe('new')
  })

  test('before it was stored: as one that had expired when it came', async () => {
    const env = testEnv()
    const memory = memoryStore()
    const store: TokenStore = {
      ...memory,
      compareAndSet:
        (...args) =>
        async () => {
          await env.clock.sleep(seconds(2))()
          return memory.compareAndSet(...args)()
        },
    }
    const short: ScriptedAnswer = () => async () => E.right(until(plus(env.clock.now(), seconds(1)), 'short'))
    const { source, attempts } = open(always(short), { env, store })
    expect(tagOf(await env.clock.settle(source.get()))).toBe('Malformed')
    expect(tagOf(await source.get())).toBe('Malformed')
    expect(attempts()).toHaveLength(1)
  })
})
