/** How long is waited for what, to the millisecond. */
import {
  CellCodec,
  type Instant,
  Lifecycle,
  memoryStore,
  millis,
  minutes,
  type RandomEnv,
  Secret,
  seconds,
  type TokenStore,
} from '@tessera/core'
import { type ScriptedAnswer, testRandom } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { at, type Config, HOUR, holding, leaseOf, open as opened, until } from './opened.js'
import { access, rejected, right, START, tagOf, testEnv, textOf, token } from './support.js'

/** Randomness whose fractions are all near the least, or the most. */
const drawing = (byte: number): RandomEnv => {
  const random = testRandom(1)
  return { random: { bytes: (size) => (size === 4 ? () => new Uint8Array(4).fill(byte) : random.bytes(size)) } }
}

/** Also tells when the store was read. */
const open = (answers: Iterable<ScriptedAnswer>, config: Config = {}, random: Partial<RandomEnv> = {}, traits = {}) => {
  const env = { ...testEnv(), ...random }
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
    const { source, timed, reads } = open(
      [E.right(until(at(HOUR), 'a'))],
      { store: await held(at(2_000)) },
      drawing(byte),
    )
    const { result, took } = await timed(source.get())
    expect(textOf(result)).toBe('a')
    expect(took).toBe(2_000)
    expect(new Set(pauses(reads).map(Math.round))).toEqual(new Set([pause]))
  })

  test('a poll beside a subscription is half as long at least', async () => {
    const store = { ...(await held(at(2_000))), ...silent }
    const { source, timed, reads } = open([E.right(until(at(HOUR), 'a'))], { store }, drawing(0))
    expect((await timed(source.get())).took).toBe(2_000)
    expect(new Set(pauses(reads).map(Math.round))).toEqual(new Set([250]))
  })

  test('ends with the lease, not with the poll', async () => {
    const { source, timed } = open([E.right(until(at(HOUR), 'a'))], { store: await held(at(1_003)) }, drawing(0xff))
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
    const person = open([E.right(until(at(HOUR), 'a'))], {}, {}, { interactive: true })
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

describe('a refusal of a young token', () => {
  test.each([
    ['is heard out, and nothing is renewed', 999, 1],
    ['is one of an old token from a second on', 1_000, 2],
  ])('%s', async (_, age, requests) => {
    const { source, env, attempts } = open([E.right(until(at(HOUR), 'a')), E.right(until(at(HOUR), 'b'))])
    await source.get()
    await env.clock.advance(millis(age))
    expect(await source.invalidate(access('a'))()).toEqual(E.right(undefined))
    expect(textOf(await source.get())).toBe(requests === 1 ? 'a' : 'b')
    expect(attempts()).toHaveLength(requests)
  })

  test('young is what the source says', async () => {
    const answers = [E.right(until(at(HOUR), 'a')), E.right(until(at(HOUR), 'b'))]
    const { source, env } = open(answers, { minimumAge: seconds(10) })
    await source.get()
    await env.clock.advance(millis(9_999))
    await source.invalidate(access('a'))()
    expect(textOf(await source.get())).toBe('a')
    await env.clock.advance(millis(1))
    await source.invalidate(access('a'))()
    expect(textOf(await source.get())).toBe('b')
  })

  test('a token that is not known to be young is renewed', async () => {
    const { source } = open([E.right(token('a')), E.right(until(at(HOUR), 'b'))])
    await source.get()
    await source.invalidate(access('a'))()
    expect(textOf(await source.get())).toBe('b')
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

describe('a back-off', () => {
  test('of 200 ms, 400 ms, 800 ms ...', async () => {
    const { source, env, attempts } = open(
      (function* () {
        for (;;) yield E.left(rejected(500))
      })(),
    )
    const asked: Array<number> = []
    for (let ms = 0; ms < 7_000; ms += 50) {
      const before = attempts().length
      await source.get()
      if (attempts().length > before) asked.push(ms)
      await env.clock.advance(millis(50))
    }
    expect(asked).toEqual([0, 200, 600, 1_400, 3_000, 6_200])
  })

  test('ends with a success', async () => {
    const failure = E.left(rejected(500))
    const { source, env, attempts } = open([failure, failure, E.right(until(at(1_000), 'a')), failure, failure])
    const get = async (after: number) => {
      await env.clock.advance(millis(after))
      return tagOf(await source.get())
    }
    expect([await get(0), await get(200), await get(400)]).toEqual(['Rejected', 'Rejected', 'Right'])
    expect([await get(400), await get(199)]).toEqual(['Rejected', 'Rejected'])
    expect(attempts()).toHaveLength(4)
    await get(1)
    expect(attempts()).toHaveLength(5)
  })
})

test('a token that has no refresh token is not asked for again by a strategy that needs one', async () => {
  const cell = { token: O.some(until(at(1), 'a')) }
  const store = memoryStore()
  const record = CellCodec.encode({ ...Lifecycle.empty, epoch: 1, generation: 1, ...cell })
  right(await store.compareAndSet('default', '', { version: 'first', record })())
  const { source, env, attempts } = open([], { store }, {}, { needsRefreshToken: true })
  await env.clock.advance(seconds(1))
  expect(await source.get()).toMatchObject({ left: { _tag: 'ReauthenticationRequired', reason: 'nothing to redeem' } })
  expect(attempts()).toEqual([])
})

test('a secret of another kind refuses nothing', async () => {
  const { source } = open([E.right(token('a'))])
  await source.get()
  await source.invalidate(Secret.make('AccessToken', 'another'))()
  expect(textOf(await source.get())).toBe('a')
})
