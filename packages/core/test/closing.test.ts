import { getEventListeners } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import {
  AuthError,
  type Clock,
  memoryStore,
  minutes,
  plus,
  remoteCallback,
  type Strategy,
  type TokenSet,
  TokenSource,
} from '@tessera/core'
import { testRandom } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { left, START, tagOf, testEnv, textOf } from './support/basics.js'
import { living } from './support/opened.js'

const open = (revokeFails = false) => {
  const env = testEnv()
  const revoked: Array<TokenSet> = []
  const store = memoryStore()
  const source = pipe(
    remoteCallback(() => 'abc'),
    TokenSource.make({
      store,
      revocation: (token) => () => () => {
        revoked.push(token)
        return revokeFails ? TE.left(AuthError.unreachable('u', 'r')) : TE.right(undefined)
      },
    }),
  )(env)()
  return { env, source, revoked }
}

test('S-OAUTH2-11 it hands on what the use brings, and closes', async () => {
  const { source, revoked } = open()
  const result = await pipe(
    source,
    TokenSource.closing((it) => it.get),
  )()
  expect(textOf(result)).toBe('abc')
  expect(source.closed()).toBe(true)
  expect(revoked).toHaveLength(1)
})

test('S-OAUTH2-11 it may not be entered when the source is closed', async () => {
  const { source } = open()
  await source.close()()
  const use = jest.fn(() => TE.right('used'))
  expect(left(await pipe(source, TokenSource.closing(use))())).toEqual(AuthError.closed)
  expect(use).not.toHaveBeenCalled()
})

test("S-OAUTH2-11 the use's error wins over the close's; without one, the close's is reported", async () => {
  const failing = open(true)
  await failing.source.get()
  const both = await pipe(
    failing.source,
    TokenSource.closing(() => TE.left('mine')),
  )()
  expect(both).toEqual(E.left('mine'))
  expect(failing.source.closed()).toBe(true)

  const closing = open(true)
  const alone = await pipe(
    closing.source,
    TokenSource.closing((it) => it.get),
  )()
  expect(tagOf(E.mapLeft((error: AuthError) => error)(alone))).toBe('Unreachable')
  expect(closing.source.closed()).toBe(true)
})

test('S-OAUTH2-11 an abort closes at once and without a revoke; the use comes to its own end', async () => {
  const { source, revoked } = open()
  await source.get()
  const controller = new AbortController()
  let go: () => void = () => undefined
  const gate = new Promise<void>((resolve) => {
    go = resolve
  })
  const used = pipe(
    source,
    TokenSource.closing(
      (it) => async () => {
        await gate
        return it.get()
      },
      { signal: controller.signal, revoke: true },
    ),
  )()
  controller.abort()
  expect(source.closed()).toBe(true)
  go()
  expect(left(await used)).toEqual(AuthError.closed)
  expect(revoked).toEqual([])
})

test('S-OAUTH2-11 an abort before it: nothing is used, nothing revoked, and the source is closed', async () => {
  const { source, revoked } = open()
  await source.get()
  const use = jest.fn(() => TE.right('used'))
  const result = await pipe(source, TokenSource.closing(use, { signal: AbortSignal.abort(), revoke: true }))()
  expect(left(result)).toEqual(AuthError.aborted)
  expect(use).not.toHaveBeenCalled()
  expect(source.closed()).toBe(true)
  expect(revoked).toEqual([])
})

test('an abort after the end does nothing', async () => {
  const { source } = open()
  const controller = new AbortController()
  await pipe(
    source,
    TokenSource.closing(() => TE.right(1), { signal: controller.signal }),
  )()
  expect(getEventListeners(controller.signal, 'abort')).toEqual([])
})

test.each([
  [
    'at once',
    () => {
      throw new Error('mine')
    },
  ],
  ['later', () => () => Promise.reject(new Error('mine'))],
])('S-OAUTH2-11 a use that throws %s closes, without a revoke', async (_, use: () => TE.TaskEither<never, never>) => {
  const { source, revoked } = open()
  await source.get()
  await expect(pipe(source, TokenSource.closing(use))()).rejects.toThrow('mine')
  expect(source.closed()).toBe(true)
  expect(revoked).toEqual([])
})

test('S-OAUTH2-10 whether it revokes can be said', async () => {
  const { source, revoked } = open()
  await source.get()
  await pipe(
    source,
    TokenSource.closing(() => TE.right(1), { revoke: false }),
  )()
  expect(revoked).toEqual([])
})

test('nothing happens before it is run', () => {
  const { source } = open()
  const use = jest.fn(() => TE.right(1))
  pipe(source, TokenSource.closing(use))
  expect(use).not.toHaveBeenCalled()
  expect(source.closed()).toBe(false)
})

/** The clock of a process that stalls: time goes by, what arrived meanwhile is read, and then comes what was due. */
const stalling = () => {
  let time = START
  let sleeps: ReadonlyArray<() => void> = []
  const clock: Clock = {
    now: () => time,
    sleep: () => () =>
      new Promise((wake) => {
        sleeps = [...sleeps, wake]
      }),
  }
  return {
    clock,
    stall: async (arrives: () => void): Promise<void> => {
      const due = sleeps
      sleeps = []
      time = plus(time, minutes(2))
      arrives()
      await setImmediate()
      for (const wake of due) wake()
      await setImmediate()
    },
  }
}

test('[A01] a close that stalls for longer than it waits ends after the commit of what arrived meanwhile', async () => {
  const { clock, stall } = stalling()
  let answer: (token: TokenSet) => void = () => undefined
  const strategy: Strategy<unknown> = () => () => () =>
    new Promise((resolve) => {
      answer = (token) => resolve(E.right(token))
    })
  let open: Promise<void> = Promise.resolve()
  const memory = memoryStore()
  const store: typeof memory = {
    ...memory,
    compareAndSet:
      (...write) =>
      async () => {
        await open
        return memory.compareAndSet(...write)()
      },
  }
  const source = TokenSource.make({ store })(strategy)({ clock, random: testRandom(1) })()
  const got = source.get()
  await setImmediate()
  const ended: string[] = []
  const closing = source
    .close({ revoke: false })()
    .then((result) => {
      ended.push('close')
      return result
    })
  let release: () => void = () => undefined
  open = new Promise((resolve) => {
    release = resolve
  })
  await setImmediate()
  await stall(() => answer(living('late')))
  expect(ended).toEqual([])
  release()
  expect(await closing).toEqual(E.right(undefined))
  expect(E.isRight(await got)).toBe(false)
  const next = TokenSource.make({ store: memory })(remoteCallback(() => 'another'))(testEnv())()
  expect(textOf(await next.get())).toBe('late')
})
