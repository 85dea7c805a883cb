/** Observers see all that happens, and can do no harm. */
import { AuthError, memoryStore, millis, minutes, type SourceEvent, Strategy, TokenSource } from '@tessera/core'
import { scriptedStrategy } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import { access, outcomeUnknown, testEnv, textOf } from './support/basics.js'
import { at, living, open, unhurried, until } from './support/opened.js'

describe('observers', () => {
  /** All that can happen to a source, with an observer. */
  const live = async (observe: (event: SourceEvent) => void) => {
    const env = testEnv()
    const { strategy } = scriptedStrategy([
      E.right(until(at(10_000), 'a')),
      E.left(outcomeUnknown(true)),
      E.right(living('b')),
    ])
    const source = pipe(strategy, TokenSource.make({ store: memoryStore(), key: 'k', observe }))(env)()
    const results: Array<string> = [textOf(await env.clock.settle(source.get()))]
    await env.clock.advance(millis(10_000))
    results.push(textOf(await env.clock.settle(source.get())))
    await env.clock.advance(millis(10_000))
    results.push(textOf(await env.clock.settle(source.get())))
    await source.invalidate(access('b'))()
    const login: Strategy<unknown> = () => RTE.right(living('c'))
    results.push(textOf(await env.clock.settle(source.login(login)({})())))
    results.push(JSON.stringify(await env.clock.settle(source.revoke())))
    results.push(JSON.stringify(await env.clock.settle(source.close()())))
    return results
  }

  test('one that throws is harmless', async () => {
    const quiet = await live(() => undefined)
    const loud = await live(() => {
      throw new Error('mine')
    })
    expect(loud).toEqual(quiet)
    expect(quiet[0]).toBe('a')
    expect(quiet[2]).toBe('b')
  })

  test('I4 each event names the session, and none holds a secret', async () => {
    const events: Array<SourceEvent> = []
    await live((event) => events.push(event))
    expect(new Set(events.map(({ key }) => key))).toEqual(new Set(['k']))
    expect(new Set(events.map(({ _tag }) => _tag))).toEqual(
      new Set(['Renewing', 'Renewed', 'RenewalFailed', 'Refused', 'LoggedIn', 'Revoked', 'Closed']),
    )
    const hold = (value: unknown): boolean =>
      typeof value === 'object' && value !== null && ('kind' in value || Object.values(value).some(hold))
    expect(events.filter(hold)).toEqual([])
  })

  test('one that rejects harms nobody', async () => {
    const observe = jest.fn((): void => {
      throw new Error('mine')
    })
    const rejecting = jest.fn(() => Promise.reject(new Error('mine')))
    for (const observer of [observe, rejecting]) {
      const { got } = open([E.right(living('a'))], { observe: observer })
      expect(await got()).toBe('a')
      expect(observer).toHaveBeenCalled()
    }
    // A rejection that nobody handles is reported after this turn, and fails the test.
    await new Promise((resolve) => setImmediate(resolve))
  })
})

test('an observer that asks again when a strategy could not be made joins, and does not begin anew', async () => {
  const env = testEnv()
  const error = AuthError.misconfigured('strategy', 'wrong')
  const strategy = Strategy.make<unknown>({ error }, () => RTE.left(error))
  let told = 0
  const source: TokenSource = pipe(
    strategy,
    TokenSource.make({
      ...unhurried,
      store: memoryStore(),
      observe: () => {
        told++
        if (told < 50) void source.get()
      },
    }),
  )(env)()
  for (let ask = 0; ask < 6; ask++) {
    told = 0
    expect(await env.clock.settle(source.get())).toEqual(E.left(error))
    expect(told).toBeLessThan(2)
    await env.clock.advance(minutes(2))
  }
})
