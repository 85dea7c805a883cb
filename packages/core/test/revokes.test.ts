/** A revoke ends the session here and at the server. */
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
import { modelServer, scriptedStrategy } from '@tessera/testing'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { logging, strict } from './support/answers.js'
import { access, left, rejected, START, tagOf, testEnv, textOf } from './support/basics.js'
import { at, HOUR, living, open, refreshable } from './support/opened.js'

describe('revoke', () => {
  test('S-OAUTH2-09 it is a no-op when there is nothing', async () => {
    const revocation = jest.fn(() => () => () => TE.right(undefined))
    const { source } = open([], { revocation })
    expect(await source.revoke()).toEqual(E.right('local'))
    expect(revocation).not.toHaveBeenCalled()
  })

  test('a failure at the server is reported; the session is over all the same, and revoking again asks again', async () => {
    let isDown = true
    const revoked: Array<string> = []
    const { source, env, cell } = open(
      [E.right(refreshable(at(HOUR), 'a'))],
      {
        revocation:
          ({ accessToken }) =>
          () =>
          () => {
            revoked.push(Secret.open(accessToken))
            return isDown ? TE.left(rejected(503)) : TE.right(undefined)
          },
      },
      { needsRefreshToken: true },
    )
    await source.login(scriptedStrategy([E.right(refreshable(at(HOUR), 'a'))]).strategy)({})()
    expect(await env.clock.settle(source.revoke())).toEqual(E.left(rejected(503)))
    expect(left(await source.get())).toMatchObject({ _tag: 'ReauthenticationRequired', reason: 'revoked' })
    expect(await cell()).toMatchObject({ token: O.none, owed: O.some({ tokens: [{}] }) })
    isDown = false
    expect(await env.clock.settle(source.revoke())).toEqual(E.right('revoked'))
    expect((await cell()).owed).toEqual(O.none)
    expect(revoked).toEqual(['a', 'a'])
  })

  test.each([
    ['hangs', () => () => () => () => new Promise<never>(() => undefined)],
    [
      'throws',
      () => () => () => {
        throw new Error('mine')
      },
    ],
  ])('I3 a revocation that %s is an unknown outcome', async (_, revocation) => {
    const { source, env } = open([E.right(living('a'))], { revocation })
    await source.get()
    expect(tagOf(await env.clock.settle(source.revoke()))).toBe('OutcomeUnknown')
  })

  test('a late answer of a renewal is revoked at the server, and never served', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 13_999 }), async (revokeAt) => {
        const env = testEnv()
        const server = modelServer({ mode: { _tag: 'Strict', killsFamily: true }, clock: env.clock })
        const start = server.login()
        const strategy = server.refreshing((call) => async () => {
          const answer = await call()
          await env.clock.sleep(seconds(14))()
          return answer
        })
        const source = pipe(
          strategy,
          TokenSource.make({
            store: memoryStore(),
            initial: { ...start, expiresAt: O.some(START) },
            revocation: server.revoking(),
          }),
        )(env)()
        const running = source.get()
        await env.clock.advance(millis(revokeAt))
        await source.revoke()
        expect(left(await env.clock.settle(running))).toMatchObject({ _tag: 'ReauthenticationRequired' })
        await env.clock.settle(source.settled())
        expect(server.isAlive(start.accessToken)()).toBe(false)
      }),
      { numRuns: 20 },
    )
  })
})

describe('a revoke whose tombstone was written, and whose answer was lost', () => {
  /** `meanwhile` comes between the read and the write, `afterwards` between the write and the loss. */
  const opened = (meanwhile: () => Promise<unknown>, afterwards: () => Promise<unknown>) => {
    const env = testEnv()
    const server = modelServer({ mode: strict, clock: env.clock })
    const memory = memoryStore()
    const start = server.login()
    const revoked: Array<string> = []
    let writes = Number.POSITIVE_INFINITY
    const store: TokenStore = {
      ...memory,
      compareAndSet: (key, expected, next) => async () => {
        const count = ++writes
        if (count === 1) await meanwhile()
        const answer = await memory.compareAndSet(key, expected, next)()
        if (count > 2 || E.isLeft(answer) || answer.right._tag === 'Conflict') return answer
        writes = Number.POSITIVE_INFINITY
        await afterwards()
        return E.left(AuthError.storeFailed('compareAndSet', 'lost'))
      },
    }
    const all = open([], {
      env,
      store,
      initial: start,
      revocation: Object.assign(
        (of: TokenSet) => {
          revoked.push(Secret.open(of.accessToken))
          return server.revoking()(of)
        },
        { ends: 'grant' as const },
      ),
    })
    const revoke = async () => {
      await all.got()
      await env.clock.advance(seconds(2))
      writes = 0
      return env.clock.settle(all.source.revoke())
    }
    return { ...all, server, memory, start, revoked, revoke }
  }

  test('another process renewed before: the token of the tombstone is revoked', async () => {
    const { env, server, memory, start, revoke, revoked, cell } = opened(
      async () => {
        await other.invalidate(start.accessToken)()
        expect(textOf(await other.get())).toBe('access-2')
      },
      async () => undefined,
    )
    const other = pipe(server.refreshing(), TokenSource.make({ store: memory }))(env)()
    expect(await revoke()).toEqual(E.right('revoked'))
    expect(revoked).toEqual(['access-2'])
    expect(server.isAlive(access('access-2'))()).toBe(false)
    expect(await cell()).toMatchObject({ status: { _tag: 'Revoked' }, token: O.none })
  })

  test('another process renewed before, and logged in after: what it had renewed is revoked', async () => {
    const { env, server, memory, start, revoke, revoked, cell } = opened(
      async () => {
        await other.invalidate(start.accessToken)()
        expect(textOf(await other.get())).toBe('access-2')
      },
      () => other.login(logging(E.right(living('theirs'))))({})(),
    )
    const other = pipe(server.refreshing(), TokenSource.make({ store: memory }))(env)()
    expect(await revoke()).toEqual(E.right('revoked'))
    expect(revoked).toEqual(['access-2'])
    expect(await cell()).toMatchObject({ status: { _tag: 'None' }, token: O.some({ accessToken: access('theirs') }) })
  })

  test('another process logged in and revoked after, and failed at the server: what that owes is revoked too', async () => {
    const { env, memory, revoke, revoked, cell } = opened(
      async () => undefined,
      async () => {
        expect(textOf(await other.source.login(logging(E.right(living('theirs'))))({})())).toBe('theirs')
        expect(tagOf(await other.source.revoke())).toBe('Rejected')
      },
    )
    const other = open([], { env, store: memory, revocation: () => () => () => TE.left(rejected(503)) })
    expect(await revoke()).toEqual(E.right('revoked'))
    expect(revoked).toEqual(['access-1', 'theirs'])
    expect(await cell()).toMatchObject({ status: { _tag: 'Revoked' }, owed: O.none })
  })
})
