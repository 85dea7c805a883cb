/** How long is waited for what, to the millisecond. */
import {
  AuthError,
  CellCodec,
  type Instant,
  Lifecycle,
  memoryStore,
  millis,
  minutes,
  remoteCallback,
  seconds,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import type { ScriptedAnswer } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { slowly } from './support/answers.js'
import { access, rejected, right, START, tagOf, testEnv, textOf } from './support/basics.js'
import { drawing, settable } from './support/environments.js'
import {
  at,
  type Config,
  HOUR,
  holding,
  leased,
  leaseOf,
  living,
  open as opened,
  redeeming,
  unhurried,
  until,
} from './support/opened.js'
import { counted, watched } from './support/stores.js'

/** Also tells when the store was read. */
const open = (answers: Iterable<ScriptedAnswer>, { env = testEnv(), ...config }: Config = {}, traits = {}) => {
  const memory = config.store ?? memoryStore()
  const reads: Array<number> = []
  const store: TokenStore = {
    ...memory,
    get: (key) => {
      reads.push(env.clock.now() - START)
      return memory.get(key)
    },
  }
  return { ...opened(answers, { ...config, env, store }, traits), reads }
}

/** A store in which another holds the lease until then. */
const held = async (end: Instant): Promise<TokenStore> => {
  const { changes: _, ...store } = memoryStore()
  return holding({ epoch: 0, generation: 0, lease: leaseOf(end) }, store)
}
const silent = { changes: () => () => undefined }

const pauses = (reads: ReadonlyArray<number>): ReadonlyArray<number> =>
  reads.slice(1).map((read, i) => read - (reads[i] ?? 0))

describe('the wait for another holder', () => {
  test.each([
    ['the shortest poll', 0x00, 50],
    ['the longest poll', 0xff, 500],
  ])('%s', async (_, byte, pause) => {
    const { source, timed, reads } = open([E.right(until(at(HOUR), 'a'))], {
      env: drawing(byte),
      store: await held(at(2_000)),
    })
    const { result, took } = await timed(source.get())
    expect(textOf(result)).toBe('a')
    expect(took).toBe(2_000)
    expect(new Set(pauses(reads).map(Math.round))).toEqual(new Set([pause]))
  })

  test('a poll beside a subscription is half as long at least', async () => {
    const store = { ...(await held(at(2_000))), ...silent }
    const { source, timed, reads } = open([E.right(until(at(HOUR), 'a'))], { env: drawing(0x00), store })
    expect((await timed(source.get())).took).toBe(2_000)
    expect(new Set(pauses(reads).map(Math.round))).toEqual(new Set([250]))
  })

  test('ends with the lease, not with the poll', async () => {
    const { source, timed } = open([E.right(until(at(HOUR), 'a'))], {
      env: drawing(0xff),
      store: await held(at(1_003)),
    })
    expect((await timed(source.get())).took).toBe(1_003)
  })

  test('is twice the timeout and 5 s', async () => {
    const { source, timed, attempts } = open([], { store: await held(at(100_000)), timeout: seconds(4) })
    const { result, took } = await timed(source.get())
    expect(tagOf(result)).toBe('TimedOut')
    expect(took).toBe(13_000)
    expect(attempts()).toEqual([])
  })

  test('leaves no timer behind', async () => {
    const { source, timed, env } = open([E.right(until(at(HOUR), 'a'))], { store: await held(at(2_000)) })
    await timed(source.get())
    await source.settled()
    expect(env.clock.pending()).toBe(0)
  })
})

describe('a wait for another holder', () => {
  test('ends with the source, at the next look', async () => {
    const { store } = watched(await leased(20_000))
    const { source, env, timed } = open([], { store }, redeeming)
    const waiting = source.get()
    await env.clock.advance(seconds(1))
    expect((await timed(source.close({ revoke: false })())).took).toBeLessThanOrEqual(500)
    expect(await waiting).toEqual(E.left(AuthError.closed))
  })

  test('ends with its call, though the clock was set back meanwhile', async () => {
    const { env, setBack } = settable()
    const { store, asked } = watched(await leased(60_000))
    const { source } = open([], { env, store }, redeeming)
    const waiting = source.get()
    await env.clock.advance(seconds(1))
    setBack(minutes(10))
    await env.clock.advance(seconds(35))
    expect(await waiting).toEqual(E.left(AuthError.timedOut('a renewal')))
    asked()
    await env.clock.advance(seconds(60))
    expect(asked()).toEqual([])
    expect(env.clock.pending()).toBe(0)
  })

  test.each([
    ['has come to its deadline', 35_000],
    ['is beyond it', HOUR],
  ])('is over when the clock %s, and writes nothing', async (_, ms) => {
    const { env, stopAt } = settable()
    const { store, asked } = watched(await leased(20_000))
    const { source } = open([], { env, store }, redeeming)
    const waiting = source.get()
    await env.clock.advance(seconds(1))
    stopAt(ms)
    expect(await env.clock.settle(waiting)).toEqual(E.left(AuthError.timedOut('a renewal')))
    expect(asked()).not.toContain('compareAndSet')
  })

  test("in the user's own lock: a lease is as young as the lock", async () => {
    const env = testEnv()
    const store: TokenStore = { ...memoryStore(), exclusive: (_, use) => slowly(env, 6_000)(use) }
    const { got } = open([E.right(living('a'))], { env, store })
    expect(await got()).toBe('a')
  })

  test('is woken once by a change, and then polls: no spin', async () => {
    const env = testEnv()
    const shared = memoryStore()
    const { store, calls } = counted(shared)
    const holder = pipe(
      remoteCallback(async () => {
        await env.clock.sleep(millis(10_000))()
        return 'new'
      }),
      TokenSource.make({ store: shared, initial: until(at(1), 'old') }),
    )(env)()
    await env.clock.advance(millis(1))
    const renewing = holder.get()
    await env.clock.advance(millis(1))
    const waiter = pipe(
      remoteCallback(() => 'never'),
      TokenSource.make({ store }),
    )(env)()
    const waiting = waiter.get()
    await env.clock.advance(millis(1))
    // A change that does not end the wait.
    await pipe(
      remoteCallback(() => 'never'),
      TokenSource.make({ store: shared }),
    )(env)().invalidate(access('old'))()
    const before = calls.get
    await env.clock.advance(millis(1))
    expect(calls.get - before).toBeLessThan(5)
    expect(textOf(await env.clock.settle(waiting))).toBe('new')
    expect(textOf(await env.clock.settle(renewing))).toBe('new')
  })
})

describe('a request', () => {
  test('has the timeout, and no signal that was aborted', async () => {
    const { source, attempts } = open([E.right(until(at(HOUR), 'a'))], { timeout: seconds(4) })
    await source.get()
    expect(attempts()).toMatchObject([{ previous: O.none, deadline: at(4_000), signal: { aborted: false } }])
  })

  test('15 s by default, and 10 minutes with a person', async () => {
    const plain = open([E.right(until(at(HOUR), 'a'))])
    await plain.source.get()
    expect(plain.attempts()).toMatchObject([{ deadline: at(15_000) }])
    const person = open([E.right(until(at(HOUR), 'a'))], {}, { interactive: true })
    await person.source.get()
    expect(person.attempts()).toMatchObject([{ deadline: at(minutes(10)) }])
  })

  test.each([
    ['at its deadline still says what became of it', 4_000, 'Rejected'],
    ['that comes 50 ms after its deadline is unknown', 4_051, 'OutcomeUnknown'],
  ])('%s', async (_, duration, tag) => {
    const { source, timed, env } = open(
      [
        () => async () => {
          await env.clock.sleep(millis(duration))()
          return E.left(rejected(500))
        },
      ],
      { timeout: seconds(4) },
    )
    expect(tagOf((await timed(source.get())).result)).toBe(tag)
  })

  test('is not sent when the lease took 5 s', async () => {
    const { changes: _, ...memory } = memoryStore()
    const slow: TokenStore = {
      ...memory,
      compareAndSet: (...given) => {
        const write = memory.compareAndSet(...given)
        return async () => {
          await env.clock.sleep(seconds(5))()
          return write()
        }
      },
    }
    const { source, timed, attempts, env } = open([E.right(until(at(HOUR), 'a'))], { store: slow, timeout: seconds(6) })
    const { result } = await timed(source.get())
    expect(tagOf(result)).toBe('TimedOut')
    expect(attempts()).toEqual([])
  })
})

describe("another process's change", () => {
  test.each([
    ['is looked for after a minute', {}, 60_000],
    ['is looked for when the source says', { maxStale: seconds(5) }, 5_000],
  ])('%s', async (_, config, stale) => {
    const { source, env, reads } = open([E.right(until(at(10 * HOUR), 'a'))], config)
    await source.get()
    const before = reads.length
    await env.clock.advance(millis(stale - 1))
    await source.get()
    expect(reads).toHaveLength(before)
    await env.clock.advance(millis(1))
    await source.get()
    expect(reads).toHaveLength(before + 1)
  })
})

test('a token that has no refresh token is not asked for again by a strategy that needs one', async () => {
  const cell = { token: O.some(until(at(1), 'a')) }
  const store = memoryStore()
  const record = CellCodec.encode({ ...Lifecycle.empty, epoch: 1, generation: 1, ...cell })
  right(await store.compareAndSet('default', '', { version: 'first', record })())
  const { source, env, attempts } = open([], { store }, redeeming)
  await env.clock.advance(seconds(1))
  expect(await source.get()).toMatchObject({ left: { _tag: 'ReauthenticationRequired', reason: 'nothing to redeem' } })
  expect(attempts()).toEqual([])
})

test('who found nothing to redeem looks again at the next call', async () => {
  const env = testEnv()
  const { store } = watched()
  const ours = open([], { env, store, ...unhurried }, { needsRefreshToken: true })
  const theirs = open([], { env, store })
  expect(tagOf(await env.clock.settle(ours.source.get()))).toBe('ReauthenticationRequired')
  right(await theirs.login(living('theirs')))
  expect(await ours.got()).toBe('theirs')
})
