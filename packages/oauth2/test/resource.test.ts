/**
 * RFC 8707: what a client's tokens are for, in every request that begins or renews a session.
 */
import { Secret } from '@tessera/core'
import fc from 'fast-check'
import * as O from 'fp-ts/lib/Option.js'
import {
  authorizationCode,
  authorizationRequest,
  Client,
  clientCredentials,
  deviceCode,
  extensionGrant,
  jwtAssertion,
  refreshToken,
  revocation,
  tokenExchange,
} from '../src/index.js'
import { webUrls } from './addresses.js'
import { attempt, holding, issued, left, client as plain, right, signer, world } from './support.js'

const TWO = ['https://mcp.example/files', 'urn:example:mail']
const client = Client.make({ ...plain, resource: TWO, parameters: { last: '1' } })
const token = holding('R0')
const device = { device_code: 'D', user_code: 'U', verification_uri: 'https://as.example/d', expires_in: 60 }
const strategiesOf = (client: Client) => ({
  authorizationCode: authorizationCode({ client, code: Secret.make('AuthorizationCode', 'abc') }),
  clientCredentials: clientCredentials({ client }),
  deviceCode: deviceCode({ client, onUserCode: () => undefined }),
  extensionGrant: extensionGrant({ client, grantType: 'urn:example:grant' }),
  jwtAssertion: jwtAssertion({ client, signer, subject: { sub: '42' } }),
  refreshToken: refreshToken({ client }),
})

test.each(Object.entries(strategiesOf(client)))(
  'RFC 8707 §2.2: %s names them in all its requests',
  async (_, strategy) => {
    const w = world(({ url }) => ({ body: url.endsWith('/device') ? device : issued }))
    right(await strategy(attempt({ previous: O.some(token) }))(w.env)())
    const forms = w.forms()
    expect(forms.length).toBeGreaterThan(0)
    for (const form of forms) expect(form.getAll('resource')).toEqual(TWO)
  },
)

test('they come before the client’s own parameters', async () => {
  const w = world({ body: issued })
  right(await clientCredentials({ client })(attempt())(w.env)())
  expect(Array.from(w.forms()[0]?.keys() ?? []).slice(-3)).toEqual(['resource', 'resource', 'last'])
})

test('RFC 8707 §2.1: the authorization request names them', () => {
  const { url } = right(authorizationRequest({ client })(world().env)())
  expect(new URL(url).searchParams.getAll('resource')).toEqual(TWO)
})

test('a token exchange names its own target alone, and a revocation none', async () => {
  const w = world({ body: { ...issued, issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' } })
  right(await tokenExchange({ client })(token, { resource: 'https://api.example/1' })(attempt())(w.env)())
  right(await revocation({ client })(token)(attempt())(w.env)())
  expect(w.forms().map((form) => form.getAll('resource'))).toEqual([['https://api.example/1'], []])
})

test('one is a text, and none is the default', () => {
  expect(Client.make({ ...plain, resource: 'https://mcp.example' }).resource).toEqual(['https://mcp.example'])
  expect(plain.resource).toEqual([])
  const { url } = right(authorizationRequest({ client: plain })(world().env)())
  expect(new URL(url).searchParams.has('resource')).toBe(false)
})

test.each(['/files', 'files', '', 'https://api.example/#', 'https://api.example/#f', 'https://a b/'])(
  'RFC 8707 §2: the resource %j is Misconfigured, and nothing is sent',
  async (resource) => {
    const wrong = Client.make({ ...plain, resource: [TWO[0] ?? '', resource] })
    for (const strategy of Object.values(strategiesOf(wrong))) {
      const w = world({ body: issued })
      const error = left(await strategy(attempt({ previous: O.some(token) }))(w.env)())
      expect(error).toMatchObject({ _tag: 'Misconfigured', field: 'resource' })
      expect(w.requests).toEqual([])
    }
    expect(left(authorizationRequest({ client: wrong })(world().env)())).toMatchObject({ field: 'resource' })
  },
)

test('any URL gets there to the letter', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(webUrls, { maxLength: 3 }), async (resource) => {
      const w = world({ body: issued })
      const some = Client.make({ ...plain, resource })
      right(await refreshToken({ client: some })(attempt({ previous: O.some(token) }))(w.env)())
      expect(w.forms()[0]?.getAll('resource')).toEqual(resource)
    }),
    { numRuns: 50 },
  )
})

test('a setting that is no text is refused where the client is made', () => {
  // @ts-expect-error from JavaScript
  expect(() => Client.make({ ...plain, resource: 42 })).toThrow(
    expect.objectContaining({ error: expect.objectContaining({ field: 'resource' }) }),
  )
})
