import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { inspect } from 'node:util'
import { AuthError, memoryStore, millis, remoteCallback, TokenSource } from '@tessera/core'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as IOE from 'fp-ts/lib/IOEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import {
  accessToken,
  nodeEnv,
  openSource,
  readJson,
  run,
  systemClock,
  systemDigest,
  systemRandom,
} from '../src/index.js'
import { wrongClocks } from './support/requests.js'
import { scripted } from './support/tokens.js'

describe('promises', () => {
  test('run resolves, or rejects with an Error that carries the typed one', async () => {
    expect(await run(TE.right(1))).toBe(1)
    const error = await run(TE.left(AuthError.closed)).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Error)
    expect(AuthError.isException(error) && error.error).toBe(AuthError.closed)
  })

  test('run gives a Reader its environment, and asks for one by type and by word', async () => {
    interface NameEnv {
      readonly name: string
    }
    const task =
      ({ name }: NameEnv): TE.TaskEither<AuthError, string> =>
      () =>
        Promise.resolve(E.right(name))
    const io =
      ({ name }: NameEnv): IOE.IOEither<AuthError, string> =>
      () =>
        E.right(name)
    expect(await run(task, { name: 'a' })).toBe('a')
    expect(await run(io, { name: 'a' })).toBe('a')
    expect(await run(IOE.right(1))).toBe(1)
    await expect(run(() => TE.left(AuthError.closed), {})).rejects.toMatchObject({ error: AuthError.closed })
    // @ts-expect-error a Reader without its environment
    await expect(run(task)).rejects.toMatchObject({ error: { _tag: 'Misconfigured', field: 'run.env' } })
    // @ts-expect-error the same, of a Reader that does not look at it
    await expect(run(() => TE.right(1))).rejects.toMatchObject({ error: { _tag: 'Misconfigured', field: 'run.env' } })
    // @ts-expect-error a promise is no effect
    await expect(run(Promise.resolve(1))).rejects.toMatchObject({ error: { field: 'run.effect' } })
  })

  test('accessToken opens the token, with or without bounds', async () => {
    expect(await accessToken(scripted())).toBe('t1')
    expect(await accessToken(scripted(), { timeout: 5_000, signal: new AbortController().signal })).toBe('t1')
    await expect(accessToken(scripted(), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      error: { _tag: 'Aborted' },
    })
  })

  test.each(wrongClocks)(
    'the timeout of accessToken is real time, whatever the source’s clock: a %s one',
    async (_, clock) => {
      const opened = (callback: () => Promise<string>) =>
        pipe(remoteCallback(callback), TokenSource.make({ store: memoryStore() }))({ ...nodeEnv(), clock })()
      const { signal } = new AbortController()
      expect(
        await accessToken(
          opened(async () => 't1'),
          { timeout: 20_000 },
        ),
      ).toBe('t1')
      let go = (_: string) => {}
      const waiting = opened(() => new Promise((resolve) => (go = resolve)))
      for (const limits of [{ timeout: 20 }, { timeout: 20, signal }]) {
        await expect(accessToken(waiting, limits)).rejects.toMatchObject({ error: { _tag: 'TimedOut' } })
      }
      const abort = new AbortController()
      const aborted = accessToken(waiting, { timeout: 20_000, signal: abort.signal })
      abort.abort()
      await expect(aborted).rejects.toMatchObject({ error: { _tag: 'Aborted' } })
      go('t1')
      expect(await accessToken(waiting)).toBe('t1')
    },
  )

  test('openSource gives the environment', () => {
    const env = nodeEnv()
    expect(openSource((given) => () => given, env)).toBe(env)
    expect(
      openSource(
        ({ digest }) =>
          () =>
            digest.sha256('').length,
      ),
    ).toBe(32)
  })
})

describe('readJson', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-node-'))
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }

  test('property: any JSON is read, with or without a byte order mark', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), fc.constantFrom('', '\uFEFF'), async (json, mark) => {
        expect(await readJson(file('any.json', `${mark}${json}`))()).toEqual(E.right(JSON.parse(json)))
      }),
      { numRuns: 50 },
    )
  })

  test('what is wrong names the path and shows nothing of the file', async () => {
    for (const path of [join(folder, 'none.json'), folder, file('bad.json', '{"a": c4n4ry}'), file('empty.json', '')]) {
      const result = await readJson(path)()
      expect(result).toMatchObject({ left: { _tag: 'Misconfigured', field: path } })
      expect(inspect(result)).not.toContain('c4n4ry')
    }
  })
})

describe('the clock', () => {
  // A timer waits for two turns of the event loop besides.
  const turns = async (): Promise<void> => {
    for (let turn = 0; turn < 3; turn++) await setImmediate()
  }
  beforeEach(() => jest.useFakeTimers({ doNotFake: ['setImmediate', 'clearImmediate'] }))
  afterEach(() => jest.useRealTimers())

  test('an aborted sleep ends at once and leaves no timer and no listener', async () => {
    const abort = new AbortController()
    const removed = jest.spyOn(abort.signal, 'removeEventListener')
    const sleep = systemClock.sleep(millis(1e12), abort.signal)()
    expect(jest.getTimerCount()).toBe(1)
    abort.abort()
    await sleep
    expect(jest.getTimerCount()).toBe(0)
    await systemClock.sleep(millis(1e12), abort.signal)()
    expect(jest.getTimerCount()).toBe(0)
    expect(removed).toHaveBeenCalledTimes(1)
  })

  test('a sleep that ends by itself leaves no listener', async () => {
    const { signal } = new AbortController()
    const removed = jest.spyOn(signal, 'removeEventListener')
    const sleep = systemClock.sleep(millis(10), signal)()
    jest.advanceTimersByTime(10)
    await sleep
    expect(removed).toHaveBeenCalledTimes(1)
  })

  test('a timer that is called off is gone; another one wakes once, at its time', async () => {
    const wake = jest.fn()
    systemClock.timer?.(millis(10), wake)()
    expect(jest.getTimerCount()).toBe(0)
    const cancel = systemClock.timer?.(millis(10), wake)
    await jest.advanceTimersByTimeAsync(9)
    await turns()
    expect(wake).not.toHaveBeenCalled()
    await jest.advanceTimersByTimeAsync(20)
    await turns()
    cancel?.()
    expect(wake).toHaveBeenCalledTimes(1)
  })

  test('property: a sleep takes what it says, also beyond 2³¹ ms', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3 * 2 ** 31 }), async (duration) => {
        let awake = false
        const sleep = systemClock
          .sleep(millis(duration))()
          .then(() => {
            awake = true
          })
        await jest.advanceTimersByTimeAsync(duration - 1)
        await turns()
        const early = awake
        await jest.advanceTimersByTimeAsync(1)
        await sleep
        return !early
      }),
      { numRuns: 100, examples: [[2 ** 31 - 1], [2 ** 31], [2 ** 32]] },
    )
  })
})

// FIPS 180-4, of NIST's example values.
test.each([
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
])('the digest of "%s" is that of the standard', (text, digest) => {
  expect(Buffer.from(systemDigest.sha256(text)).toString('hex')).toBe(digest)
})

test.each([
  ['drawn one by one', systemRandom],
  ['of an environment, drawn in blocks', nodeEnv().random],
])('random bytes %s are as many as asked for, and differ', (_, random) => {
  // More than a block in all, and the last more than one by itself.
  const sizes = [...Array.from({ length: 1_000 }, () => 16), 4_096, 10_000]
  const drawn = sizes.map((size) => random.bytes(size)())
  expect(drawn.map(({ length }) => length)).toEqual(sizes)
  expect(new Set(drawn.map((bytes) => Buffer.from(bytes).toString('hex'))).size).toBe(sizes.length)
  // What was drawn stays as it was, whatever is drawn after it; each byte is set somewhere.
  const seen = new Set(drawn.flatMap((bytes) => [...bytes]))
  expect(seen.size).toBe(256)
})
