import { AuthError, Secret } from '@tessera/core'
import { generateDpopKey } from '@tessera/node'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import {
  AuthorizationServer,
  type AuthorizationServerOptions,
  authorizationCode,
  authorizationRequest,
  Client,
  ClientAuthentication,
  callback,
  dpop,
  fapi2Client,
  Provider,
  pushedAuthorizationRequest,
  type Signer,
} from '../src/index.js'
import { attempt, endpoints, headerOf, issued, jwtPart, left, right, signer as rs256, world } from './support.js'

const ISSUER = 'https://as.example'
const metadata: AuthorizationServerOptions = {
  ...endpoints,
  issuer: ISSUER,
  issParameterSupported: true,
  pushedAuthorizationRequestEndpoint: `${ISSUER}/par`,
  codeChallengeMethods: ['S256'],
  mtlsEndpointAliases: { tokenEndpoint: 'https://mtls.as.example/token' },
}
const serverOf = (more: Partial<AuthorizationServerOptions> = {}) => AuthorizationServer.make({ ...metadata, ...more })
const signerOf = (algorithm: Signer['algorithm']): Signer => ({ ...rs256, algorithm })
const byKey = ClientAuthentication.privateKeyJwt(signerOf('ES256'))
const proofs = dpop({ key: generateDpopKey()() })
const pushed = { status: 201, body: { request_uri: 'urn:x', expires_in: 60 } }

test('the whole way: pushed, with a challenge, by a key; the issuer of the callback is checked; the token is bound', async () => {
  const client = right(fapi2Client({ id: 'app', server: serverOf(), authentication: byKey, dpop: proofs }))
  const w = world(pushed, { body: { ...issued, token_type: 'DPoP' } })
  const transaction = right(await pushedAuthorizationRequest({ client })(w.env)())
  const [asked] = w.forms()
  expect(asked?.get('code_challenge_method')).toBe('S256')
  expect(asked?.get('response_type')).toBe('code')
  expect(jwtPart(asked?.get('client_assertion') ?? '', 1)['aud']).toBe(ISSUER)
  const url = `/cb?code=abc&state=${Secret.open(transaction.state)}`
  const code = right(callback(transaction)(`${url}&iss=${encodeURIComponent(ISSUER)}`)())
  const token = right(await authorizationCode({ client, ...code })(attempt())(w.env)())
  expect(token.tokenType).toBe('DPoP')
  expect(headerOf(w.requests[1], 'dpop')).toMatch(/^ey/)
})

test('a callback without its issuer, or of another one, is refused', async () => {
  const client = right(fapi2Client({ id: 'app', server: serverOf(), authentication: byKey, dpop: proofs }))
  for (const iss of ['', '&iss=https%3A%2F%2Fevil.example']) {
    const transaction = right(await pushedAuthorizationRequest({ client })(world(pushed).env)())
    const url = `/cb?code=abc&state=${Secret.open(transaction.state)}${iss}`
    expect(left(callback(transaction)(url)())).toMatchObject({ path: 'iss' })
  }
})

test('a bearer token is refused', async () => {
  const client = right(fapi2Client({ id: 'app', server: serverOf(), authentication: byKey, dpop: proofs }))
  const code = { code: Secret.make('AuthorizationCode', 'abc') }
  const error = left(await authorizationCode({ client, ...code })(attempt())(world({ body: issued }).env)())
  expect(error).toMatchObject({ _tag: 'Malformed', path: 'token_type' })
})

test('no authorization request that was not pushed', () => {
  const client = right(fapi2Client({ id: 'app', server: serverOf(), authentication: byKey, dpop: proofs }))
  expect(left(authorizationRequest({ client })(world().env)())).toMatchObject({ _tag: 'Misconfigured' })
})

test('without dpop the tokens are bound to the certificate, whatever the client authenticates by', () => {
  for (const authentication of [byKey, ClientAuthentication.tls]) {
    const client = right(fapi2Client({ id: 'app', server: serverOf(), authentication }))
    expect(client.server.tokenEndpoint).toBe('https://mtls.as.example/token')
  }
  const proved = right(fapi2Client({ id: 'app', server: serverOf(), authentication: byKey, dpop: proofs }))
  expect(proved.server.tokenEndpoint).toBe(endpoints.tokenEndpoint)
})

test.each<[string, Partial<AuthorizationServerOptions>]>([
  ['no issuer', { issuer: undefined }],
  ['callbacks that name none', { issParameterSupported: false }],
  ['no pushed requests', { pushedAuthorizationRequestEndpoint: undefined }],
  ['plain challenges', { codeChallengeMethods: ['plain'] }],
  ['challenges of public clients', { provider: { ...Provider.rfc, pkce: 'public' } }],
  ['http', { allowHttp: ['http://as:8080'] }],
])('a server with %s is Misconfigured', (_, more) => {
  const error = left(fapi2Client({ id: 'app', server: serverOf(more), authentication: byKey, dpop: proofs }))
  expect(error).toMatchObject({ _tag: 'Misconfigured', field: 'server' })
  expect(AuthError.show.show(error)).toContain('FAPI 2.0')
})

test('only what the profile has authenticates a client', () => {
  const algorithms = ['RS256', 'RS384', 'PS256', 'PS384', 'ES256', 'ES384', 'EdDSA'] as const
  const any = fc.oneof(
    fc.constantFrom(ClientAuthentication.none, ClientAuthentication.tls, ClientAuthentication.basic('s')),
    fc.constant(ClientAuthentication.post('s')),
    fc.constantFrom(...algorithms).map((algorithm) => ClientAuthentication.privateKeyJwt(signerOf(algorithm))),
  )
  fc.assert(
    fc.property(any, (authentication) => {
      const made = fapi2Client({ id: 'app', server: serverOf(), authentication, dpop: proofs })
      const isGood =
        authentication._tag === 'Tls' ||
        (authentication._tag === 'PrivateKeyJwt' &&
          ['PS256', 'ES256', 'EdDSA'].includes(authentication.signer.algorithm))
      expect(E.isRight(made)).toBe(isGood)
      if (E.isLeft(made)) expect(made.left).toMatchObject({ field: 'authentication' })
    }),
  )
})

test('what is made is a client', () => {
  const client = right(
    fapi2Client({ id: 'app', server: serverOf(), authentication: byKey, resource: 'https://api.example' }),
  )
  expect(Client.is(client)).toBe(true)
  expect(client.resource).toEqual(['https://api.example'])
  expect(client.server.issuer).toEqual(O.some(ISSUER))
})
