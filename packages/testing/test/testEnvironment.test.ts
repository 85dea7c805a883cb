import { AuthError, memoryStore, minutes, Secret, Strategy, TokenSet, TokenSource } from '@tessera/core'
import { authorizationCode, Client, clientCredentials, refreshToken, revocation } from '@tessera/oauth2'
import {
  connectionReset,
  formOf,
  modelServer,
  notConnected,
  responding,
  rotations,
  testEnvironment,
} from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'

const client = Client.make({
  id: 'app',
  secret: 's3cret',
  tokenEndpoint: 'https://server.example/token',
  revocationEndpoint: 'https://server.example/revoke',
})
const textOf = (result: E.Either<AuthError, { readonly accessToken: Secret }>): string =>
  E.isRight(result) ? Secret.open(result.right.accessToken) : AuthError.show.show(result.left)

test('HTTP is answered as scripted, and what was sent can be read', async () => {
  const env = testEnvironment({
    exchanges: [
      E.right(responding(200, { access_token: 'abc', token_type: 'bearer' })),
      E.left(connectionReset),
      () => async () => E.right(responding(503, '', { 'retry-after': '7' })),
    ],
  })
  const once = () => clientCredentials({ client })(Strategy.attempt(minutes(1))(env)())(env)()
  expect(textOf(await once())).toBe('abc')
  expect(await once()).toMatchObject({ left: { _tag: 'OutcomeUnknown' } })
  expect(await once()).toMatchObject({ left: { answer: { retryAfter: O.some(7_000) } } })
  expect(await once()).toMatchObject({ left: { _tag: 'Unreachable', reason: notConnected.reason } })
  expect(env.http.requests().map((request) => formOf(request).get('grant_type'))).toEqual(
    Array.from({ length: 4 }, () => 'client_credentials'),
  )
  expect(JSON.stringify(env.http.requests())).not.toContain('s3cret')
})

test('the environment is silent where nothing is scripted, and its randomness is the seed’s', async () => {
  const env = testEnvironment({ seed: 7, answers: ['typed'] })
  const attempt = Strategy.attempt(minutes(1))(env)()
  const ask = env.prompt.ask({ message: 'Token: ', deadline: attempt.deadline, signal: attempt.signal })
  expect(await ask()).toMatchObject({ right: Secret.make('Answer', 'typed') })
  expect(await ask()).toMatchObject({ left: { _tag: 'TimedOut' } })
  expect(await clientCredentials({ client })(attempt)(env)()).toMatchObject({ left: { _tag: 'Unreachable' } })
  expect(env.random.bytes(4)()).toEqual(testEnvironment({ seed: 7 }).random.bytes(4)())
})

test.each(rotations(minutes(1)))('the modelled server is behind HTTP too: %j', async (mode) => {
  const silent = testEnvironment()
  const { clock } = silent
  const server = modelServer({ mode, clock })
  const env = { ...silent, http: server.http }
  const source = pipe(
    refreshToken({ client }),
    TokenSource.make({ store: memoryStore(), revocation: revocation({ client }) }),
  )(env)()
  const login = authorizationCode({ client, code: Secret.make('AuthorizationCode', 'c0de') })
  expect(textOf(await source.login(login)(env)())).toBe('access-1')
  await clock.advance(minutes(61))
  expect(textOf(await clock.settle(source.get()))).toBe('access-2')
  expect(server.counts()).toMatchObject({ logins: 1, redeemed: 1 })
  expect(textOf(await clientCredentials({ client })(Strategy.attempt(minutes(1))(env)())(env)())).toBe('access-3')
  expect(await source.revoke()).toEqual(E.right('revoked'))
  expect(server.isAlive(Secret.make('AccessToken', 'access-2'))()).toBe(false)
  const previous = TokenSet.make(Secret.make('AccessToken', 'access-1'), {
    refreshToken: O.some(Secret.make('RefreshToken', 'refresh-1')),
  })
  const again = refreshToken({ client })(Strategy.attempt(minutes(1), { previous: O.some(previous) })(env)())
  expect(await again(env)()).toMatchObject({ left: { _tag: 'Rejected', answer: { error: O.some('invalid_grant') } } })
})
