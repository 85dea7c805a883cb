import { AuthError, Secret } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import { authorizationCode, authorizationRequest, Client, callback } from '../src/index.js'
import { attempt, bodyOf, client, issued, left, right, there, world } from './support.js'

const code = Secret.make('AuthorizationCode', 'SplxlOBeZQQYbYS6WxSbIA')

test('S-OAUTH2-03 the form, and both tokens', async () => {
  const w = world({ body: issued })
  const token = right(await authorizationCode({ client, code })(attempt())(w.env)())
  expect(bodyOf(w.requests[0])).toBe(
    'grant_type=authorization_code&code=SplxlOBeZQQYbYS6WxSbIA&client_id=app&client_secret=S3CRET',
  )
  expect(Secret.open(token.accessToken)).toBe('A1')
  expect(O.map(Secret.open)(token.refreshToken)).toEqual(O.some('R1'))
})

test('S-OAUTH2-03 the order with everything', async () => {
  const w = world({ body: issued })
  const pinned = Client.make({ ...client, parameters: { box_device_id: '0' } })
  const verifier = Secret.make('CodeVerifier', 'v')
  right(
    await authorizationCode({ client: pinned, code, verifier, redirectUri: 'https://app.example/cb' })(attempt())(
      w.env,
    )(),
  )
  expect(Array.from(w.forms()[0]?.keys() ?? [])).toEqual([
    'grant_type',
    'code',
    'client_id',
    'client_secret',
    'redirect_uri',
    'code_verifier',
    'box_device_id',
  ])
})

test('RFC 7636 §4.5: from the transaction to the token, with the same redirect URI and verifier', async () => {
  const w = world({ body: issued })
  const redirectUri = 'https://app.example/cb'
  const transaction = right(authorizationRequest({ client, redirectUri })(w.env)())
  const state = new URL(transaction.url).searchParams.get('state')
  const found = right(callback(transaction)(`${redirectUri}?code=c&state=${state}`)())
  right(await authorizationCode({ client, ...found })(attempt())(w.env)())
  expect(w.forms()[0]?.get('redirect_uri')).toBe(redirectUri)
  expect(w.forms()[0]?.get('code_verifier')).toBe(Secret.open(there(transaction.verifier)))
})

test('S-OAUTH2-06 an answer without a refresh token is Malformed, unless that is agreed', async () => {
  const answer = { body: { ...issued, refresh_token: undefined } }
  expect(left(await authorizationCode({ client, code })(attempt())(world(answer).env)())).toMatchObject({
    _tag: 'Malformed',
    path: 'refresh_token',
  })
  right(await authorizationCode({ client, code, refreshTokenRequired: false })(attempt())(world(answer).env)())
})

test('a code is of single use: no unknown outcome is retryable', async () => {
  for (const answer of [{ status: 502 }, { body: '' }]) {
    const error = left(await authorizationCode({ client, code })(attempt())(world(answer).env)())
    expect(AuthError.isRetryable(error)).toBe(false)
  }
})
