/**
 * What binds any client and is no matter of one grant alone.
 */
import { Secret } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import * as oauth2 from '../src/index.js'
import { attempt, bodyOf, client, holding, issued, signer, world } from './support.js'

const code = Secret.make('AuthorizationCode', 'C4NARY-code')
const verifier = Secret.make('CodeVerifier', 'C4NARY-verifier')
const token = { ...holding('C4NARY-refresh'), accessToken: Secret.make('AccessToken', 'C4NARY-access') }
const device = {
  device_code: 'C4NARY-device',
  user_code: 'U',
  verification_uri: 'https://as.example/d',
  expires_in: 60,
}
const grantType = 'urn:example:grant'
const strategies = {
  authorizationCode: oauth2.authorizationCode({ client, code, verifier }),
  clientCredentials: oauth2.clientCredentials({ client }),
  deviceCode: oauth2.deviceCode({ client, onUserCode: () => undefined }),
  extensionGrant: oauth2.extensionGrant({ client, grantType, parameters: { secret: token.accessToken } }),
  jwtAssertion: oauth2.jwtAssertion({ client, signer, subject: { sub: '42' } }),
  refreshToken: oauth2.refreshToken({ client }),
  tokenExchange: oauth2.tokenExchange({ client })(token, { scope: ['a'] }),
}

const run = async (strategy: (typeof strategies)[keyof typeof strategies]) => {
  const w = world(({ url }) => ({ body: url.endsWith('/device') ? device : issued }))
  await strategy(attempt({ previous: O.some(token) }))(w.env)()
  return w.requests
}

test.each(Object.entries(strategies))('RFC 9700 §4.3.2: %s puts nothing in a URL', async (_, strategy) => {
  const requests = await run(strategy)
  expect(requests.length).toBeGreaterThan(0)
  for (const { url } of requests) expect(url).toMatch(/^https:\/\/as\.example\/(token|device)$/)
})

test.each(Object.entries(strategies))('RFC 9110 §15.4: %s follows no redirect', async (_, strategy) => {
  for (const status of [301, 302, 303, 304, 307, 308]) {
    const w = world({ status, headers: { location: 'https://evil.example/' } })
    await strategy(attempt({ previous: O.some(token) }))(w.env)()
    expect(w.requests.length).toBe(1)
  }
})

test('RFC 9700 §2.1.2, §2.4: there is no implicit and no password grant', async () => {
  const types = await Promise.all(Object.values(strategies).map(run))
  const sent = types.flat().map((request) => new URLSearchParams(bodyOf(request)).get('grant_type'))
  expect(sent).not.toContain('password')
  const transaction = oauth2.authorizationRequest({ client })(world().env)()
  expect(JSON.stringify(transaction)).toContain('response_type=code')
  expect(Object.keys(oauth2).filter((name) => /implicit|password/i.test(name))).toEqual([])
})
