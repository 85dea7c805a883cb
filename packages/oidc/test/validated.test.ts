/** A login that counts only with a valid ID token: after the commit, and without a loss. */
import { AuthError, memoryStore, Secret, Strategy, type TokenSet, TokenSource } from '@tessera/core'
import { systemClock } from '@tessera/node'
import { testRandom } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import { idToken, jwks, validated } from '../src/index.js'
import { by, client, good, header, holding, jws, left, NOW, right, world } from './support.js'

const opened = () => {
  const { env, fail } = world()
  const clock = { ...systemClock, now: () => NOW }
  const all = { ...env, clock, random: testRandom(1) }
  const revoked: Array<string> = []
  const seen: Array<string> = []
  const revocation = Object.assign(
    ({ accessToken }: TokenSet) =>
      () =>
      () =>
      async () => {
        revoked.push(Secret.open(accessToken))
        return E.right(undefined)
      },
    { ends: 'grant' as const },
  )
  const none = Strategy.make({ needsRefreshToken: true }, () => RTE.left(AuthError.notApplicable('no renewal')))
  const source = pipe(
    none,
    TokenSource.make({
      store: memoryStore(),
      revocation,
      observe: ({ _tag }) => {
        seen.push(_tag)
      },
    }),
  )(all)()
  const validate = idToken({ client, keys: jwks({ client }), nonce: 'n' })
  const login = (token: string) =>
    pipe(
      (() => () => async () => E.right(holding(token))) as Strategy<unknown>,
      validated({ source, idToken: validate }),
    )(all)()
  return { source, login, revoked, seen, fail }
}

test('who logged in, and the session', async () => {
  const { source, login, revoked } = opened()
  const { claims, token } = right(await login(jws(good)))
  expect(claims).toEqual(good)
  expect(right(await source.get())).toEqual(token)
  expect(revoked).toEqual([])
})

test('what is refused is in the store first, and revoked then', async () => {
  const { source, login, revoked, seen } = opened()
  expect(left(await login(jws(good, header, by.another)))).toMatchObject({ what: 'ID token', path: 'signature' })
  expect(revoked).toEqual(['jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y'])
  expect(seen).toEqual(['LoggedIn', 'Revoked'])
  expect(left(await source.get())).toMatchObject({ _tag: 'ReauthenticationRequired' })
})

test('where the keys cannot be read nobody has logged in, and the next login may', async () => {
  const { source, login, revoked, fail } = opened()
  fail({ _tag: 'NotSent', cause: 'connection', reason: 'ECONNREFUSED' })
  expect(left(await login(jws(good)))).toMatchObject({ _tag: 'Unreachable' })
  expect(revoked).toHaveLength(1)
  fail(undefined)
  await source.settled()
})

test('a source that asks no validation is said: nobody has logged in', async () => {
  const { source } = opened()
  const { env } = world()
  const careless = { login: (strategy: Strategy<unknown>) => source.login(strategy) }
  const login = pipe(
    (() => () => async () => E.right(holding(jws(good)))) as Strategy<unknown>,
    validated({
      source: careless as Pick<TokenSource, 'login'>,
      idToken: idToken({ client, keys: jwks({ client }), nonce: 'n' }),
    }),
  )
  expect(left(await login(env)())).toMatchObject({ _tag: 'Misconfigured', field: 'source' })
})
