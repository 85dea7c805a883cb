import { AuthError, millis, plus, seconds } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { Client, ClientAuthentication, type ClientOptions, Provider, revocation } from '../src/index.js'
import { attempt, bodyOf, client, endpoints, headerOf, holding, issued, left, NOW, right, world } from './support.js'

const revoke = (w: ReturnType<typeof world>, options = {}, token = holding('R0'), limits = attempt()) =>
  revocation({ client, ...options })(token)(limits)(w.env)()

test('B-OAUTH2-01 an empty 200 is a success', async () => {
  const w = world({ status: 200, body: '' })
  expect(await revoke(w)).toEqual(E.right(undefined))
  expect(w.requests[0]?.url).toBe('https://as.example/revoke')
  expect(bodyOf(w.requests[0])).toBe('client_id=app&client_secret=S3CRET&token=R0&token_type_hint=refresh_token')
})

test.each(['', '{}', '<html>', '{"error":"invalid_token"}'])(
  'RFC 7009 §2.2: any 200 is a success, for an unknown token too (%j)',
  async (body) => {
    right(await revoke(world({ status: 200, body })))
  },
)

const unknown = (status: number, error = 'invalid_token') => ({ status, body: { error } })

test.each([
  [200, 'refresh', ['R0', 'A0']],
  [400, 'refresh', ['R0', 'A0']],
  [200, 'access', ['A0', 'R0']],
  [400, 'access', ['A0', 'R0']],
])(
  '[A06] one that the server does not know, by a %i, is not the other one of its pair: %s',
  async (status, token, sent) => {
    const tokens = (w: ReturnType<typeof world>) => w.forms().map((form) => form.get('token'))
    const ends = world(unknown(status), { status: 200, body: '' })
    right(await revoke(ends, { token }))
    expect(tokens(ends)).toEqual(sent)
    const fails = world(unknown(status), { status: 503 })
    expect(left(await revoke(fails, { token }))).toMatchObject({ _tag: 'Rejected', answer: { status: 503 } })
    // Nothing is alive where it knows neither.
    const neither = world(unknown(status), unknown(status, 'invalid_grant'))
    right(await revoke(neither, { token }))
    expect(tokens(neither)).toEqual(sent)
    const alone = world(unknown(status))
    right(await revoke(alone, { token }, holding(undefined)))
    expect(tokens(alone)).toEqual(['A0'])
  },
)

test('[A06] RFC 7009 §2.2.1: a server that knows not the refresh token, and does not revoke access tokens, has nothing left', async () => {
  const unsupported = unknown(400, 'unsupported_token_type')
  const w = world(unknown(400), unsupported)
  right(await revoke(w, { token: 'refresh' }))
  expect(w.requests.length).toBe(2)
  // The other way round the refresh token is alive.
  expect(left(await revoke(world(unknown(400), unsupported), { token: 'access' }))).toMatchObject({ _tag: 'Rejected' })
  for (const token of ['access', 'refresh']) {
    expect(left(await revoke(world(unsupported), { token }))).toMatchObject({ _tag: 'Rejected' })
  }
})

test.each([429, 503])(
  '[A06] a server that throttles in the words of a dead token (%i) has revoked nothing',
  async (status) => {
    const throttled = unknown(status, 'invalid_grant')
    const error = left(await revoke(world(throttled, throttled)))
    expect(error).toMatchObject({ _tag: 'Rejected', answer: { status } })
    expect(AuthError.isRetryable(error)).toBe(true)
  },
)

test('RFC 7009 §2.2.1: after a 503 the token still exists', async () => {
  const error = left(await revoke(world({ status: 503, headers: { 'retry-after': '7' } })))
  expect(error).toMatchObject({ _tag: 'Rejected', answer: { status: 503, retryAfter: { value: 7_000 } } })
  expect(AuthError.isRetryable(error)).toBe(true)
})

test('a revocation can be sent again', async () => {
  expect(AuthError.isRetryable(left(await revoke(world({ status: 500 }))))).toBe(true)
})

test('RFC 7009 §2.1: the refresh token where there is one, unless the access token is asked for', async () => {
  const w = world({})
  for (const options of [{}, { token: 'refresh' }, { token: 'access' }]) {
    right(await revoke(w, options))
    right(await revoke(w, options, holding(undefined)))
  }
  expect(w.forms().map((form) => form.get('token'))).toEqual(['R0', 'A0', 'R0', 'A0', 'A0', 'A0'])
  expect(w.forms().map((form) => form.get('token_type_hint'))).toEqual(
    ['R0', 'A0', 'R0', 'A0', 'A0', 'A0'].map((token) => (token === 'R0' ? 'refresh_token' : 'access_token')),
  )
})

test('the client authenticates in its own way', async () => {
  const w = world({})
  const own = Client.make({ id: 'app', authentication: ClientAuthentication.basic('s'), ...endpoints })
  right(await revocation({ client: own })(holding('R0'))(attempt())(w.env)())
  expect(headerOf(w.requests[0], 'authorization')).toBe('Basic YXBwOnM=')
  expect(bodyOf(w.requests[0])).toBe('token=R0&token_type_hint=refresh_token')
})

test.each([undefined, 'http://as.example/revoke'])(
  'RFC 7009 §2: the endpoint %s is Misconfigured',
  async (revocationEndpoint) => {
    const w = world({})
    const own = Client.make({ id: 'app', tokenEndpoint: endpoints.tokenEndpoint, revocationEndpoint })
    expect(left(await revocation({ client: own })(holding('R0'))(attempt())(w.env)())).toMatchObject({
      _tag: 'Misconfigured',
      field: 'revocationEndpoint',
    })
    expect(w.requests).toEqual([])
  },
)

test('a token that the server echoes is in no error', async () => {
  const error = left(
    await revoke(world({ status: 400, body: { error: 'e', error_description: 'unknown R0 of S3CRET' } })),
  )
  expect(JSON.stringify(error)).not.toMatch(/R0|S3CRET/)
})

// -----------------------------------------------------------------------------
// as providers have it
// -----------------------------------------------------------------------------

const revokedAs = async (revocationRequest: Partial<Provider['revocation']>, own: ClientOptions['authentication']) => {
  const provider: Provider = { ...Provider.rfc, revocation: { ...Provider.rfc.revocation, ...revocationRequest } }
  const w = world({ status: 204 })
  const asking = Client.make({ id: 'app', authentication: own, ...endpoints, provider })
  right(await revocation({ client: asking })(holding('R0'))(attempt())(w.env)())
  const [request] = w.requests
  return {
    method: request?.method,
    type: headerOf(request, 'content-type'),
    authorization: headerOf(request, 'authorization'),
    body: bodyOf(request),
  }
}
const inForm = ClientAuthentication.post('s')

// GitHub's page “REST API endpoints for OAuth authorizations”.
test('a DELETE with a JSON object, by Basic', async () => {
  const as = { method: 'DELETE', as: 'json', parameter: 'by kind', hint: false, authentication: 'basic' } as const
  expect(await revokedAs({ ...as, token: 'access' }, inForm)).toEqual({
    method: 'DELETE',
    type: 'application/json',
    authorization: 'Basic YXBwOnM=',
    body: '{"access_token":"A0"}',
  })
})

// Slack's `auth.revoke`, Dropbox's `auth/token/revoke`.
test.each([
  ['access', 'Bearer A0'],
  ['refresh', 'Bearer R0'],
] as const)('the %s token itself asks, and nothing else is sent', async (token, authorization) => {
  expect(await revokedAs({ as: 'bearer', token }, inForm)).toEqual({
    method: 'POST',
    type: undefined,
    authorization,
    body: '',
  })
})

// Linear's page “OAuth 2.0 authentication”.
test('nobody in particular asks, and the token has the name of its kind', async () => {
  expect(await revokedAs({ parameter: 'by kind', hint: false, authentication: 'none' }, inForm)).toMatchObject({
    type: 'application/x-www-form-urlencoded',
    authorization: undefined,
    body: 'refresh_token=R0',
  })
})

test('what ends, and by which token, is as the provider says, unless the caller does', async () => {
  const provider: Provider = {
    ...Provider.rfc,
    revocation: { ...Provider.rfc.revocation, token: 'access', ends: 'grant' },
  }
  const own = Client.make({ id: 'app', ...endpoints, provider })
  expect([revocation({ client: own }).ends, revocation({ client: own, ends: 'all' }).ends]).toEqual(['grant', 'all'])
  expect(revocation({ client }).ends).toBe('all')
  const w = world({})
  right(await revoke(w, { client: own }))
  right(await revoke(w, { client: own, token: 'refresh' }))
  expect(w.forms().map((form) => form.get('token'))).toEqual(['A0', 'R0'])
})

// -----------------------------------------------------------------------------
// by an access token that has expired
// -----------------------------------------------------------------------------

describe('[A06] by the access token, once it has expired', () => {
  const expired = holding('R0', { expiresAt: O.some(NOW) })
  const lost = { _tag: 'Lost', cause: 'connection', reason: 'ECONNRESET' } as const
  const dead = { status: 400, body: { error: 'invalid_grant' } }
  /** What was sent: `R0 redeemed`, or the token that was revoked. */
  const sent = (w: ReturnType<typeof world>) =>
    w.forms().map((form) => (form.has('grant_type') ? `${form.get('refresh_token')} redeemed` : form.get('token')))
  /** One revoker, called again and again. */
  const revoker = (w: ReturnType<typeof world>, given = client) => {
    const revoking = revocation({ client: given, token: 'access' })
    return (held = expired) => revoking(held)({ ...attempt(), deadline: plus(NOW, seconds(100_000)) })(w.env)()
  }

  test('the refresh token is redeemed where that is done, and what it gives is revoked', async () => {
    const refreshEndpoint = 'https://as.example/refresh'
    const w = world({ body: issued }, { status: 200 })
    right(await revoker(w, Client.make({ ...endpoints, id: 'app', refreshEndpoint }))())
    expect(sent(w)).toEqual(['R0 redeemed', 'A1'])
    expect(w.requests.map(({ url }) => url)).toEqual([refreshEndpoint, endpoints.revocationEndpoint])
  })

  test('not while it lives, nor where nobody knows, nor without a refresh token, nor by that one', async () => {
    const w = world({ status: 200 })
    const call = revoker(w)
    right(await call(holding('R0', { expiresAt: O.some(plus(NOW, millis(1))) })))
    right(await call(holding('R0')))
    right(await call(holding(undefined, { expiresAt: O.some(NOW) })))
    right(await revoke(w, { token: 'refresh' }, expired))
    expect(sent(w)).toEqual(['A0', 'A0', 'A0', 'R0'])
  })

  test('a refresh token that is refused has no grant any more', async () => {
    const w = world(dead)
    right(await revoker(w)())
    expect(sent(w)).toEqual(['R0 redeemed'])
  })

  test('a redemption that fails, or whose answer is lost, is the error; nothing is revoked', async () => {
    for (const [failure, tag] of [
      [{ status: 503 }, 'OutcomeUnknown'],
      [lost, 'OutcomeUnknown'],
      [{ status: 400, body: { error: 'unauthorized_client' } }, 'Rejected'],
    ] as const) {
      const w = world(failure)
      expect(left(await revoker(w)())._tag).toBe(tag)
      expect(sent(w)).toEqual(['R0 redeemed'])
    }
  })

  test('one that is refused although the session is alive is not read as "that token is unknown"', async () => {
    const provider: Provider = { ...Provider.rfc, busyGrants: [{ error: 'invalid_grant', description: /busy/ }] }
    const w = world({ status: 400, body: { error: 'invalid_grant', error_description: 'busy' } })
    const error = left(await revoker(w, Client.make({ id: 'app', secret: 'S3CRET', ...endpoints, provider }))())
    expect(error).toMatchObject({ _tag: 'OutcomeUnknown', answer: O.some({ description: O.some('busy') }) })
    expect([AuthError.isUnknownToken(error), AuthError.isRetryable(error)]).toEqual([false, true])
  })

  test('what was redeemed is revoked by the next call where its revocation has failed, and redeemed again if need be', async () => {
    const w = world({ body: issued }, { status: 503 }, lost, { status: 200 }, dead)
    const call = revoker(w)
    expect(left(await call())._tag).toBe('Rejected')
    expect(left(await call())._tag).toBe('OutcomeUnknown')
    right(await call())
    expect(sent(w)).toEqual(['R0 redeemed', 'A1', 'A1', 'A1'])
    // It is not kept any longer.
    right(await call())
    expect(sent(w).at(-1)).toBe('R0 redeemed')

    const later = world({ body: issued }, { status: 503 }, { body: { ...issued, access_token: 'A2' } }, { status: 200 })
    const again = revoker(later)
    left(await again())
    later.advance(3_600_000)
    right(await again())
    expect(sent(later)).toEqual(['R0 redeemed', 'A1', 'R1 redeemed', 'A2'])
  })

  test('nothing of one session is kept for another', async () => {
    const w = world({ body: issued }, { status: 503 }, { body: { ...issued, access_token: 'A2' } }, { status: 200 })
    const call = revoker(w)
    left(await call())
    right(await call(holding('S0', { expiresAt: O.some(NOW) })))
    right(await call())
    expect(sent(w)).toEqual(['R0 redeemed', 'A1', 'S0 redeemed', 'A2', 'A1'])
  })
})
