/** One renewal: what comes between its steps, and what it answers. */
import {
  AuthError,
  memoryStore,
  millis,
  Secret,
  seconds,
  type TokenSet,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { scriptedStrategy } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { always } from './support/answers.js'
import { access, rejected, right, START, type TestEnv, testEnv, textOf } from './support/basics.js'
import { at, HOUR, open, until } from './support/opened.js'

const key = 'default'
/** A store in front of which something happens, once, before a write; and when it is read. */
const interrupted = (memory: TokenStore, env: TestEnv) => {
  let before: (() => Promise<unknown>) | undefined
  const reads: Array<number> = []
  const store: TokenStore = {
    ...memory,
    get: (of) => {
      reads.push(env.clock.now() - START)
      return memory.get(of)
    },
    compareAndSet:
      (...given) =>
      async () => {
        const happens = before
        before = undefined
        await happens?.()
        return memory.compareAndSet(...given)()
      },
  }
  return {
    store,
    reads,
    beforeWrite: (happens: () => Promise<unknown>) => {
      before = happens
    },
  }
}

const failing = (): TokenStore => ({
  ...memoryStore(),
  compareAndSet: () => TE.left(AuthError.storeFailed('compareAndSet', 'the disk is full')),
})

test('a lease that cannot be written is a failure of the store, and nothing is sent', async () => {
  const { source, env, attempts, events } = open([E.right(until(at(HOUR), 'a'))], { store: failing() })
  expect(await env.clock.settle(source.get())).toEqual(
    E.left(AuthError.storeFailed('compareAndSet', 'the disk is full')),
  )
  expect(attempts()).toEqual([])
  expect(events).toEqual([])
})

test('a login that cannot be written is pending, which is told once', async () => {
  const { env, login, events } = open([], { store: failing() })
  const held = AuthError.storeFailed('compareAndSet', 'the disk is full', true)
  expect(await env.clock.settle(login(until(at(HOUR), 'a')))).toEqual(E.left(held))
  expect(events).toEqual([{ key, _tag: 'Pending', error: held }])
})

test('a strategy that throws is an unknown outcome, of a strategy', async () => {
  const { source } = open([
    () => () => {
      throw new Error('mine')
    },
  ])
  expect(await source.get()).toEqual(
    E.left(AuthError.outcomeUnknown({ url: 'strategy', reason: 'it threw', answer: O.none, repeatable: true })),
  )
})

test('a strategy that hangs is an unknown outcome, of a strategy', async () => {
  const { source, env } = open([() => () => new Promise(() => undefined)])
  const reason = 'it did not settle by its deadline'
  expect(await env.clock.settle(source.get())).toEqual(
    E.left(AuthError.outcomeUnknown({ url: 'strategy', reason, answer: O.none, repeatable: true })),
  )
})

describe('who comes second', () => {
  test('to the lease waits for the first, by what the conflict told', async () => {
    const env = testEnv()
    const memory = memoryStore()
    let leased: () => void = () => undefined
    const isLeased = new Promise<void>((resolve) => {
      leased = resolve
    })
    const first = open(
      [
        () => async () => {
          leased()
          await env.clock.sleep(seconds(1))()
          return E.right(until(at(HOUR), 'first'))
        },
      ],
      { env, store: memory },
    )
    const { changes: _, ...silent } = memory
    const { store, reads, beforeWrite } = interrupted(silent, env)
    const second = open([], { env, store })
    beforeWrite(async () => {
      void first.source.get()
      await isLeased
    })
    expect(textOf(await env.clock.settle(second.source.get()))).toBe('first')
    expect(second.attempts()).toEqual([])
    // The read that began it; and then the first poll.
    expect(reads[0]).toBe(0)
    expect(reads[1]).toBeGreaterThanOrEqual(50)
  })

  test('with a token of the same session discards it, and revokes nothing', async () => {
    const env = testEnv()
    const store = memoryStore()
    const revoked: Array<TokenSet> = []
    const slow = open(
      [
        () => async () => {
          await env.clock.sleep(seconds(30))()
          return E.right(until(at(HOUR), 'late'))
        },
      ],
      {
        env,
        store,
        revocation: (of) => () => () => {
          revoked.push(of)
          return TE.right(undefined)
        },
      },
    )
    const quick = open([E.right(until(at(HOUR), 'quick'))], { env, store })
    await env.clock.settle(slow.source.get())
    expect(textOf(await env.clock.settle(quick.source.get()))).toBe('quick')
    await env.clock.advance(seconds(30))
    await slow.source.settled()
    expect(slow.events.filter(({ _tag }) => _tag === 'Discarded')).toEqual([{ key, _tag: 'Discarded', revoked: false }])
    expect(revoked).toEqual([])
    expect(textOf(await slow.source.get())).toBe('quick')
  })

  test('with its initial token leaves it alone: it may be the ancestor of the session that is there', async () => {
    const env = testEnv()
    const memory = memoryStore()
    const revoked: Array<TokenSet> = []
    const { store, beforeWrite } = interrupted(memory, env)
    const first = open([], { env, store: memory })
    const second = open([], {
      env,
      store,
      initial: until(at(HOUR), 'initial'),
      revocation: (of) => () => () => {
        revoked.push(of)
        return TE.right(undefined)
      },
    })
    beforeWrite(() => first.login(until(at(HOUR), 'first')))
    expect(textOf(await env.clock.settle(second.source.get()))).toBe('first')
    await second.source.settled()
    expect(second.events).toEqual([{ key, _tag: 'Discarded', revoked: false }])
    expect(revoked).toEqual([])
  })

  test('with a failure is served what a login brought meanwhile', async () => {
    const env = testEnv()
    const store = memoryStore()
    const other = open([], { env, store })
    const { source } = open(
      [
        () => async () => {
          await other.login(until(at(HOUR), 'theirs'))
          return E.left(rejected(500))
        },
      ],
      { env, store },
    )
    expect(textOf(await env.clock.settle(source.get()))).toBe('theirs')
  })
})

test('a failure of a session that was revoked meanwhile: it is revoked', async () => {
  const env = testEnv()
  const store = memoryStore()
  const other = open([], { env, store })
  const { strategy } = scriptedStrategy(
    [
      () => async () => {
        await other.source.revoke()
        return E.left(rejected(500))
      },
    ],
    { needsRefreshToken: true },
  )
  const source = pipe(strategy, TokenSource.make({ store }))(env)()
  const refreshToken = O.some(Secret.make('RefreshToken', 'refresh'))
  await other.login({ ...until(at(1_000), 'a'), refreshToken })
  await env.clock.advance(HOUR)
  expect(await env.clock.settle(source.get())).toMatchObject({
    left: { _tag: 'ReauthenticationRequired', reason: 'revoked' },
  })
})

describe('an answer that is of no use', () => {
  test('over already: it says what is wrong, and is asked for less and less', async () => {
    const { source, env, attempts } = open(always(E.right(until(START, 'over'))))
    expect(await source.get()).toMatchObject({
      left: { _tag: 'Malformed', what: 'answer of the strategy', path: 'expiresAt', repeatable: true },
    })
    for (let calls = 0; calls < 600; calls++) {
      void source.get()
      await env.clock.advance(millis(100))
    }
    expect(attempts().length).toBeLessThanOrEqual(12)
  })

  test.each([
    ['as long as a token is young', seconds(10), 10_000],
    ['a second at least', millis(0), 1_000],
  ])('the refused token again: it says what is wrong, and everybody waits %s', async (_, minimumAge, wait) => {
    const { source, env } = open(always(E.right(until(at(HOUR), 'a'))), { minimumAge })
    await source.get()
    await env.clock.advance(seconds(10))
    await source.invalidate(access('a'))()
    expect(await source.get()).toMatchObject({
      left: { _tag: 'Malformed', what: 'answer of the strategy', path: 'accessToken', repeatable: true },
    })
    expect(right(await source.inspect()).waitingUntil).toEqual(O.some(at(10_000 + wait)))
  })
})
