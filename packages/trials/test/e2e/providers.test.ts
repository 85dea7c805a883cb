/**
 * What providers do beyond the RFCs, each as its own page says it, over real HTTP. The ids are those of issue 17's faults.
 */
import type { IncomingMessage } from 'node:http'
import * as Box from '@tessera/box'
import {
  type Attempt,
  AuthError,
  instant,
  memoryStore,
  minutes,
  plus,
  remoteCallback,
  Secret,
  seconds,
  TokenSet,
  TokenSource,
} from '@tessera/core'
import { type NodeEnv, nodeEnv } from '@tessera/node'
import {
  authorizationRequest,
  Client,
  ClientAuthentication,
  callback,
  clientCredentials,
  deviceCode,
  discovery,
  jwtAssertion,
  Provider,
  refreshToken,
  revocation,
  type Signer,
} from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { httpServer } from '../../src/servers/httpServer.js'
import { impatientClock, movableClock } from '../support/clock.js'
import { left, right } from '../support/either.js'

let env: NodeEnv
let end: () => Promise<unknown> = async () => undefined
beforeEach(() => {
  env = nodeEnv()
})
afterEach(async () => {
  await env.close()
  await end()
})

type Told = readonly [status: number, body: unknown, type?: string]

/** A server that answers by a request's path and form. It counts what it is asked. */
const serverOf = async (
  answer: (path: string, form: URLSearchParams, request: IncomingMessage, url: string) => Told | Promise<Told>,
) => {
  const asked: Array<URLSearchParams> = []
  const server = await httpServer(async ({ request, body: sent }, response) => {
    const form = new URLSearchParams(sent)
    asked.push(form)
    const url = `http://${request.headers.host}`
    const [status, body, type = 'application/json; charset=utf-8'] = await answer(request.url ?? '', form, request, url)
    response.writeHead(status, { 'content-type': type }).end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  end = server.close
  return { url: server.url, asked }
}

const endpointsAt = (url: string) => ({
  tokenEndpoint: `${url}/token`,
  authorizationEndpoint: `${url}/authorize`,
  revocationEndpoint: `${url}/revoke`,
  deviceAuthorizationEndpoint: `${url}/device`,
})
const clientAt = (url: string, provider?: Provider) =>
  Client.make({ id: 'app', secret: 's3cret', provider, ...endpointsAt(url) })

const attemptBy = (clock: { readonly now: () => ReturnType<typeof instant> }): Attempt => ({
  previous: O.none,
  deadline: plus(clock.now(), minutes(5)),
  signal: new AbortController().signal,
})

/** A session whose access token has expired. */
const sessionAt = (client: Client) =>
  pipe(
    refreshToken({ client }),
    TokenSource.make({
      store: memoryStore(),
      key: 'ann',
      initial: TokenSet.make(Secret.make('AccessToken', 'old'), {
        refreshToken: O.some(Secret.make('RefreshToken', 'dead')),
        expiresAt: O.some(instant(env.clock.now() - 1_000)),
      }),
    }),
  )(env)()

const SLACK: Provider = {
  ...Provider.rfc,
  scopeSeparator: { request: ',', answer: ',' },
  tokenTypes: ['bot', 'user'],
  serverErrors: ['internal_error', 'fatal_error'],
}
const GITHUB: Provider = { ...Provider.rfc, scopeSeparator: { request: ' ', answer: ',' } }

// -----------------------------------------------------------------------------
// [P01] errors in an answer of success
// -----------------------------------------------------------------------------

describe('[P01] an error in an answer of status 200', () => {
  // GitHub Docs, “Authorizing OAuth apps”, device flow, and “Troubleshooting OAuth app access token request errors”.
  test('the device flow goes on until the person has decided', async () => {
    const polls: Array<unknown> = [
      { error: 'authorization_pending', error_description: 'The authorization request is still pending.' },
      { error: 'slow_down', error_description: 'Too many requests.', interval: 10 },
      { access_token: 'gho_1', token_type: 'bearer', scope: 'repo,gist' },
    ]
    const server = await serverOf((path) =>
      path === '/device'
        ? [
            200,
            {
              device_code: 'device-code-3584d83530557fdd1f46',
              user_code: 'WDJB-MJHT',
              verification_uri: 'https://as.example/login/device',
              expires_in: 900,
              interval: 5,
            },
          ]
        : [200, polls.shift()],
    )
    const client = Client.make({ id: 'app', ...endpointsAt(server.url), provider: GITHUB })
    const on = { ...env, clock: impatientClock(undefined, seconds(10)).clock }
    const token = right(await deviceCode({ client, onUserCode: () => undefined })(attemptBy(on.clock))(on)())
    expect(Secret.open(token.accessToken)).toBe('gho_1')
    expect(token.scope).toEqual(['repo', 'gist'])
    expect(server.asked).toHaveLength(4)
  })

  test('a refused device authorization is what the server says', async () => {
    const server = await serverOf(() => [200, { error: 'device_flow_disabled' }])
    const refused = await deviceCode({ client: clientAt(server.url), onUserCode: () => undefined })(
      attemptBy(env.clock),
    )(env)()
    expect(left(refused)).toMatchObject({ _tag: 'Rejected', answer: { error: O.some('device_flow_disabled') } })
  })

  // GitHub's page “Refreshing user access tokens”; Slack's reference of `oauth.v2.access`, errors.
  test.each<readonly [string, Provider, Readonly<Record<string, unknown>>]>([
    ['GitHub', GITHUB, { error: 'bad_refresh_token', error_description: 'The refresh token passed is incorrect.' }],
    ['Slack', SLACK, { ok: false, error: 'invalid_refresh_token' }],
    ['any other', Provider.rfc, { error: 'invalid_grant' }],
  ])('a dead refresh token at %s is "log in again", and is sent once', async (_, provider, body) => {
    const server = await serverOf(() => [200, body])
    const source = sessionAt(clientAt(server.url, provider))
    expect(left(await source.get())).toMatchObject({
      _tag: 'ReauthenticationRequired',
      answer: O.some({ status: 200, error: O.some(body['error']) }),
    })
    for (const _get of Array.from({ length: 5 })) {
      expect(left(await source.get())._tag).toBe('ReauthenticationRequired')
    }
    expect(server.asked).toHaveLength(1)
  })

  test('a wrong client is an error of the program, and does not end the session', async () => {
    const server = await serverOf(() => [200, { error: 'incorrect_client_credentials' }])
    const source = sessionAt(clientAt(server.url, GITHUB))
    expect(left(await source.get())).toMatchObject({
      _tag: 'Rejected',
      answer: { status: 200, error: O.some('incorrect_client_credentials') },
    })
    expect(left(await source.get())._tag).toBe('Rejected')
  })

  // Slack's reference: of `internal_error` and `fatal_error`, it is possible that some aspect of the operation succeeded.
  test('where the server says that it failed, the outcome is unknown', async () => {
    const server = await serverOf(() => [200, { ok: false, error: 'internal_error' }])
    const previous = TokenSet.make(Secret.make('AccessToken', 'old'), {
      refreshToken: O.some(Secret.make('RefreshToken', 'alive')),
    })
    const given = { ...attemptBy(env.clock), previous: O.some(previous) }
    const sent = await refreshToken({ client: clientAt(server.url, SLACK) })(given)(env)()
    expect(left(sent)).toMatchObject({ _tag: 'OutcomeUnknown', repeatable: false })
  })

  test('a revocation that is answered by an error has revoked nothing', async () => {
    const server = await serverOf(() => [200, { ok: false, error: 'not_allowed_token_type' }])
    const held = TokenSet.make(Secret.make('AccessToken', 'alive'))
    const revoked = await revocation({ client: clientAt(server.url) })(held)(attemptBy(env.clock))(env)()
    expect(left(revoked)).toMatchObject({ _tag: 'Rejected', answer: { error: O.some('not_allowed_token_type') } })
  })

  test('what was issued beside an error is kept', async () => {
    const body = { error: 'deprecated', access_token: 'T', token_type: 'bearer' }
    const server = await serverOf(() => [200, body])
    const token = await clientCredentials({ client: clientAt(server.url) })(attemptBy(env.clock))(env)()
    expect(Secret.open(right(token).accessToken)).toBe('T')
  })
})

// -----------------------------------------------------------------------------
// [P02] answers of other shapes
// -----------------------------------------------------------------------------

describe('[P02] answers of other shapes', () => {
  const answered = async (told: Told, provider?: Provider) => {
    const server = await serverOf(() => told)
    return clientCredentials({ client: clientAt(server.url, provider), scope: ['a', 'b'] })(attemptBy(env.clock))(env)()
  }

  // LinkedIn, “Authorization Code Flow (3-legged OAuth)”, a successful access token request.
  const linkedIn = {
    access_token: 'AQUvlL_DYEzvT2wz1QJiEPeLioeA',
    expires_in: 5_184_000,
    scope: 'r_basicprofile,profile',
  }
  test('without a token type, where the provider says so; otherwise it is malformed', async () => {
    const provider: Provider = { ...GITHUB, tokenTypeRequired: false }
    const token = right(await answered([200, linkedIn], provider))
    expect([token.tokenType, token.scope]).toEqual(['bearer', ['r_basicprofile', 'profile']])
    await end()
    expect(left(await answered([200, linkedIn]))).toMatchObject({ _tag: 'Malformed', path: 'token_type' })
  })

  // Slack's reference of `oauth.v2.access`, the example answer.
  test("Slack's: another name of a bearer token, commas between scopes", async () => {
    const body = {
      ok: true,
      access_token: 'xoxb-17653672481-19874698323',
      token_type: 'bot',
      scope: 'commands,incoming-webhook',
      team: { name: 'Slack Softball Team', id: 'T9TK3CUKW' },
    }
    const token = right(await answered([200, body], SLACK))
    expect([token.tokenType, token.scope]).toEqual(['bot', ['commands', 'incoming-webhook']])
    await end()
    expect(left(await answered([200, body]))).toMatchObject({ _tag: 'Malformed', path: 'token_type' })
  })

  test('scopes as a list are read of every provider; commas are a part of a scope where it does not say otherwise', async () => {
    const of = (scope: unknown): Told => [200, { access_token: 'T', token_type: 'bearer', scope }]
    expect(right(await answered(of(['read', 'write']))).scope).toEqual(['read', 'write'])
    await end()
    expect(right(await answered(of('repo,gist'))).scope).toEqual(['repo,gist'])
    await end()
    expect(left(await answered(of(['read', 1])))).toMatchObject({ _tag: 'Malformed', path: 'scope' })
  })

  // GitHub Docs, “Authorizing OAuth apps”: the default form of the answer.
  test('a form-encoded answer is read, an error in it too, and a name that is there twice is not', async () => {
    const FORM = 'application/x-www-form-urlencoded; charset=utf-8'
    const body = 'access_token=gho_16C7e42F&scope=repo%2Cgist&token_type=bearer&expires_in=28800'
    const token = right(await answered([200, body, FORM], GITHUB))
    expect([Secret.open(token.accessToken), token.scope]).toEqual(['gho_16C7e42F', ['repo', 'gist']])
    expect(O.isSome(token.expiresAt)).toBe(true)
    await end()
    const error = left(await answered([200, 'error=bad_verification_code', FORM]))
    expect(error).toMatchObject({ _tag: 'Rejected', answer: { error: O.some('bad_verification_code') } })
    await end()
    expect(left(await answered([400, 'error=invalid_scope', FORM]))).toMatchObject({
      answer: { error: O.some('invalid_scope') },
    })
    await end()
    expect(left(await answered([200, `${body}&access_token=other`, FORM]))._tag).toBe('Malformed')
    await end()
    const json = JSON.stringify({ access_token: 'T', token_type: 'bearer' })
    expect(Secret.open(right(await answered([200, json, FORM])).accessToken)).toBe('T')
  })

  // A form has no null.
  test.each([
    ['expires_in=&refresh_token=R1&scope=', 'R1'],
    ['expires_in=3600&refresh_token=&scope=', 'dead'],
  ])('a form-encoded answer to a refresh has an empty text for what there is not: %s', async (members, held) => {
    const body = `access_token=A1&token_type=bearer&${members}`
    const server = await serverOf(() => [200, body, 'application/x-www-form-urlencoded'])
    const token = right(await sessionAt(clientAt(server.url)).get())
    expect(Secret.open(token.accessToken)).toBe('A1')
    expect(O.map(Secret.open)(token.refreshToken)).toEqual(O.some(held))
  })

  test('scopes are asked for as the provider joins them', async () => {
    const server = await serverOf(() => [200, { access_token: 'T', token_type: 'bearer' }])
    const client = clientAt(server.url, SLACK)
    right(await clientCredentials({ client, scope: ['a', 'b'] })(attemptBy(env.clock))(env)())
    expect(server.asked[0]?.get('scope')).toBe('a,b')
    const { url } = right(authorizationRequest({ client, scope: ['a', 'b'] })(env)())
    expect(new URL(url).searchParams.get('scope')).toBe('a,b')
  })
})

// -----------------------------------------------------------------------------
// [P03] from when a token lives
// -----------------------------------------------------------------------------

describe('[P03] a lifetime', () => {
  test('begins when the request was sent, not when the answer was there', async () => {
    const clock = movableClock()
    const server = await serverOf(() => {
      clock.advance(5_900)
      return [200, { access_token: 'T', token_type: 'bearer', expires_in: 8 }]
    })
    const before = clock.now()
    const token = right(
      await clientCredentials({ client: clientAt(server.url) })(attemptBy(clock))({ ...env, clock })(),
    )
    // As short as that, it has a second less: connecting is not to take that long.
    expect(O.isSome(token.expiresAt) && token.expiresAt.value - before).toBeLessThanOrEqual(8_000)
  })
})

// -----------------------------------------------------------------------------
// [P04] the scope of an assertion
// -----------------------------------------------------------------------------

const signer: Signer = { algorithm: 'RS256', keyId: O.some('k1'), sign: () => TE.right('c2lnbmF0dXJl') }

test('[P04] an assertion has a scope (RFC 7521 §4.1), at Box too', async () => {
  const server = await serverOf(() => [200, { access_token: 'T', token_type: 'bearer' }])
  const scope = ['read', 'write']
  const subject = { sub: '42' }
  right(await jwtAssertion({ client: clientAt(server.url), signer, subject, scope })(attemptBy(env.clock))(env)())
  right(await jwtAssertion({ client: clientAt(server.url), signer, subject })(attemptBy(env.clock))(env)())
  const client = Box.client({ id: 'app', secret: 's3cret', server: Box.serverAt(server.url) })
  right(await Box.jwt({ client, signer, subject: Box.enterprise('42'), scope })(attemptBy(env.clock))(env)())
  expect(server.asked.map((form) => form.getAll('scope'))).toEqual([['read write'], [], ['read write']])
})

// -----------------------------------------------------------------------------
// [P05] the hint of a revocation
// -----------------------------------------------------------------------------

test('[P05] a server that finds a token by the hint alone ends the refresh token', async () => {
  const alive = new Set(['the access token', 'the refresh token'])
  const server = await serverOf((_, form) => {
    // RFC 7009 §2.1: the hint is there to help the server to find the token; §2.2: 200 for one that was not found.
    const isRefreshToken = form.get('token_type_hint') === 'refresh_token'
    if (isRefreshToken === (form.get('token') === 'the refresh token')) alive.delete(form.get('token') ?? '')
    return [200, '']
  })
  const held = TokenSet.make(Secret.make('AccessToken', 'the access token'), {
    refreshToken: O.some(Secret.make('RefreshToken', 'the refresh token')),
  })
  const client = clientAt(server.url)
  const source = pipe(
    remoteCallback(() => 'another'),
    TokenSource.make({ store: memoryStore(), key: 'ann', initial: held, revocation: revocation({ client }) }),
  )(env)()
  right(await source.get())
  expect(right(await source.revoke())).toBe('revoked')
  expect(alive.has('the refresh token')).toBe(false)
  right(await revocation({ client, token: 'access' })(held)(attemptBy(env.clock))(env)())
  expect(Array.from(alive)).toEqual([])
})

// -----------------------------------------------------------------------------
// [P06] other words for a dead refresh token
// -----------------------------------------------------------------------------

describe('[P06] a refused refresh token', () => {
  const gets = async (status: number, body: unknown, provider?: Provider) => {
    const server = await serverOf(() => [status, body])
    const source = sessionAt(clientAt(server.url, provider))
    const errors = []
    for (const _get of Array.from({ length: 20 })) errors.push(left(await source.get())._tag)
    return { errors: new Set(errors), sent: server.asked.length }
  }

  // The second and third as @jmondi/oauth2-server says them, the fourth as PHP League's server of version 8 does.
  test.each([
    [400, { error: 'invalid_token' }],
    [400, { error: 'invalid_request', error_description: 'Token has been revoked' }],
    [400, { error: 'invalid_request', error_description: 'Cannot verify the refresh token' }],
    [401, { error: 'invalid_request', error_description: 'The refresh token is invalid.' }],
    [400, { error: 'invalid_request', error_description: 'Token has expired' }],
  ])('is "log in again" after one request: %i %j', async (status, body) => {
    expect(await gets(status, body)).toEqual({ errors: new Set(['ReauthenticationRequired']), sent: 1 })
  })

  test.each([
    [400, { error: 'invalid_request' }],
    [400, { error: 'invalid_request', error_description: 'Missing parameter: client_id of the refresh token grant' }],
    [
      400,
      {
        error: 'invalid_request',
        error_description: 'The request is missing a required parameter, includes an invalid parameter value',
      },
    ],
    [401, { error: 'invalid_client', error_description: 'The refresh token is invalid.' }],
  ])('that may be a wrong setting ends no session: %i %j', async (status, body) => {
    expect((await gets(status, body)).errors).toEqual(new Set(['Rejected']))
  })

  test('is "log in again" by whatever the provider says', async () => {
    const provider: Provider = { ...Provider.rfc, deadGrants: [{ error: 'invalid_request' }] }
    expect(await gets(400, { error: 'invalid_request' }, provider)).toEqual({
      errors: new Set(['ReauthenticationRequired']),
      sent: 1,
    })
  })
})

// -----------------------------------------------------------------------------
// [P07] Basic
// -----------------------------------------------------------------------------

test('[P07] a server that does not decode Basic takes the client where its provider says so', async () => {
  const id = 'my app'
  const secret = 'p@ss%20w+rd/ü'
  const server = await serverOf((_, __, { headers }) => {
    const sent = Buffer.from((headers.authorization ?? '').replace(/^Basic /, ''), 'base64').toString('utf8')
    return sent === `${id}:${secret}`
      ? [200, { access_token: 'T', token_type: 'bearer' }]
      : [401, { error: 'invalid_client' }]
  })
  const sent = (provider?: Provider, as = id) =>
    clientCredentials({
      client: Client.make({
        id: as,
        authentication: ClientAuthentication.basic(secret),
        tokenEndpoint: `${server.url}/token`,
        provider,
      }),
    })(attemptBy(env.clock))(env)()
  const verbatim: Provider = { ...Provider.rfc, basic: 'verbatim' }
  expect(E.isRight(await sent(verbatim))).toBe(true)
  expect(left(await sent())).toMatchObject({ _tag: 'Rejected', answer: { error: O.some('invalid_client') } })
  expect(left(await sent(verbatim, 'a:b'))).toMatchObject({ _tag: 'Misconfigured', field: 'parameters' })
})

// -----------------------------------------------------------------------------
// [P08] who says what
// -----------------------------------------------------------------------------

describe('[P08] who says what', () => {
  test('another issuer than the one that was asked for is named, and not asked again', async () => {
    const server = await serverOf((_, __, ___, url) => [
      200,
      { issuer: 'https://another.example/tenant', token_endpoint: `${url}/token` },
    ])
    const error = left(await discovery({ issuer: server.url })(env)())
    expect(AuthError.show.show(error)).toContain('https://another.example/tenant')
    expect([AuthError.isRetryable(error), server.asked.length]).toEqual([false, 1])
  })

  const begun = () =>
    right(
      authorizationRequest({ client: clientAt('https://as.example'), redirectUri: 'https://app.example/cb' })(env)(),
    )

  // Authlib redirects with `invalid_request` and without the state.
  test('an error without a state is said, and why it is not believed; the login goes on', () => {
    const transaction = begun()
    const error = left(callback(transaction)('/cb?error=invalid_request&error_description=Missing+thing')())
    const words = AuthError.show.show(error)
    expect(words).toContain('invalid_request')
    expect(words).toContain('not believed')
    expect(words).not.toContain('Missing')
    const state = Secret.open(transaction.state)
    expect(E.isRight(callback(transaction)(`/cb?code=abc&state=${state}`)())).toBe(true)
  })

  test('a page that made a callback up puts no words of its own before a person', () => {
    const words = AuthError.show.show(left(callback(begun())('/cb?error=call+0800+now')()))
    expect(words).not.toContain('0800')
  })

  test("an error with the login's state keeps the server's words", () => {
    const transaction = begun()
    const query = `error=invalid_request&error_description=Missing+thing&state=${Secret.open(transaction.state)}`
    expect(left(callback(transaction)(`/cb?${query}`)())).toMatchObject({
      _tag: 'Rejected',
      answer: { error: O.some('invalid_request'), description: O.some('Missing thing') },
    })
  })
})

// -----------------------------------------------------------------------------
// [P09] discovery
// -----------------------------------------------------------------------------

test('[P09] discovery keeps what the server says of registration, scopes, authentication and PKCE', async () => {
  const server = await serverOf((_, __, ___, url) => [
    200,
    {
      issuer: url,
      token_endpoint: `${url}/token`,
      registration_endpoint: `${url}/register`,
      scopes_supported: ['openid', 'offline_access'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'none'],
      code_challenge_methods_supported: ['S256'],
    },
  ])
  expect(right(await discovery({ issuer: server.url })(env)())).toMatchObject({
    registrationEndpoint: O.some(`${server.url}/register`),
    scopesSupported: O.some(['openid', 'offline_access']),
    tokenEndpointAuthMethods: O.some(['client_secret_basic', 'none']),
    codeChallengeMethods: O.some(['S256']),
  })
})
