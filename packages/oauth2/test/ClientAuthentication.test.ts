/**
 * The ways of authentication that are no secret in a request.
 */
import { AuthError, Secret } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import {
  AuthorizationServer,
  Client,
  ClientAuthentication,
  clientCredentials,
  type MacSigner,
  refreshToken,
  type SubjectToken,
} from '../src/index.js'
import { attempt, endpoints, headerOf, holding, issued, jwtPart, left, NOW, right, world } from './support.js'

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const by = (authentication: ClientAuthentication) =>
  Client.make({ id: 'app', authentication, issuer: 'https://as.example', ...endpoints })
const ask = async (authentication: ClientAuthentication, w = world({ body: issued })) => ({
  w,
  result: await clientCredentials({ client: by(authentication) })(attempt())(w.env)(),
})

const mac: MacSigner = { algorithm: 'HS256', keyId: O.none, sign: () => TE.right('c2lnbmF0dXJl') }

test('OpenID Connect Core §9: client_secret_jwt', async () => {
  const { w, result } = await ask(ClientAuthentication.clientSecretJwt(mac))
  right(result)
  const assertion = w.forms()[0]?.get('client_assertion') ?? ''
  expect(w.forms()[0]?.get('client_assertion_type')).toBe(JWT_BEARER)
  expect(jwtPart(assertion, 0)).toEqual({ alg: 'HS256', typ: 'JWT' })
  expect(jwtPart(assertion, 1)).toMatchObject({
    iss: 'app',
    sub: 'app',
    aud: 'https://as.example',
    exp: NOW / 1_000 + 60,
  })
})

describe('RFC 7523 §2.2: an assertion that somebody else signs', () => {
  test('is read anew for each request, and stays away from errors', async () => {
    let read = 0
    const subject: SubjectToken = () => () => TE.fromIO(() => Secret.make('SubjectToken', `C4NARY-${++read}`))
    const w = world((request) => ({ status: 400, body: { error: 'e', error_description: String(request.url) } }))
    const authentication = ClientAuthentication.assertion(subject)
    for (let i = 1; i <= 2; i++) {
      const error = left((await ask(authentication, w)).result)
      expect(JSON.stringify(error)).not.toContain('C4NARY')
      expect(Object.fromEntries(w.forms().at(-1) ?? [])).toMatchObject({
        client_id: 'app',
        client_assertion_type: JWT_BEARER,
        client_assertion: `C4NARY-${i}`,
      })
    }
  })

  test.each<[SubjectToken, string]>([
    [() => () => TE.left(AuthError.misconfigured('file', 'cannot be read')), 'Misconfigured'],
    [() => () => () => Promise.reject(new Error('C4NARY')), 'Unreachable'],
    [
      () => {
        throw new Error('C4NARY')
      },
      'Unreachable',
    ],
    [() => () => () => new Promise(() => undefined), 'TimedOut'],
  ])('one that cannot be read sends nothing (%#)', async (subject, _tag) => {
    const { w, result } = await ask(ClientAuthentication.assertion(subject))
    expect(left(result)._tag).toBe(_tag)
    expect(JSON.stringify(left(result))).not.toContain('C4NARY')
    expect(w.requests).toEqual([])
  })

  test('words about a token may be about it, and end no session', async () => {
    const subject: SubjectToken = () => () => TE.right(Secret.make('SubjectToken', 'a'))
    const previous = O.some(holding('R0'))
    for (const [authentication, ends] of [
      [ClientAuthentication.assertion(subject), false],
      [ClientAuthentication.clientSecretJwt(mac), false],
      [ClientAuthentication.none, true],
    ] as const) {
      const w = world({ status: 400, body: { error: 'invalid_token', error_description: 'the token has expired' } })
      const error = left(await refreshToken({ client: by(authentication) })(attempt({ previous }))(w.env)())
      expect(AuthError.isInvalidGrant(error)).toBe(ends)
    }
  })
})

describe('RFC 8705 §2: the certificate of the connection', () => {
  const aliases = {
    tokenEndpoint: 'https://mtls.as.example/token',
    revocationEndpoint: 'https://mtls.as.example/revoke',
  }
  const server = AuthorizationServer.make({ ...endpoints, mtlsEndpointAliases: aliases })

  test('only the client’s id is sent, to the endpoints that take a certificate', async () => {
    const client = Client.make({ id: 'app', authentication: ClientAuthentication.tls, server })
    const w = world({ body: issued })
    right(await clientCredentials({ client })(attempt())(w.env)())
    expect(w.requests[0]?.url).toBe(aliases.tokenEndpoint)
    expect(headerOf(w.requests[0], 'authorization')).toBeUndefined()
    expect(Array.from(w.forms()[0] ?? [])).toEqual([
      ['grant_type', 'client_credentials'],
      ['client_id', 'app'],
    ])
    expect(client.server).toMatchObject({
      revocationEndpoint: O.some(aliases.revocationEndpoint),
      authorizationEndpoint: O.some(endpoints.authorizationEndpoint),
      deviceAuthorizationEndpoint: O.some(endpoints.deviceAuthorizationEndpoint),
    })
    expect(Client.make({ ...client, resource: 'https://api.example' }).server).toEqual(client.server)
  })

  test('any other client goes to the usual ones', () => {
    expect(Client.make({ id: 'app', secret: 's', server }).server).toBe(server)
  })

  test('an alias is checked as any endpoint is', async () => {
    const wrong = { ...server, mtlsEndpointAliases: { tokenEndpoint: 'http://as.example/token' } }
    const client = Client.make({ id: 'app', authentication: ClientAuthentication.tls, server: wrong })
    const w = world({ body: issued })
    expect(left(await clientCredentials({ client })(attempt())(w.env)())).toMatchObject({ field: 'tokenEndpoint' })
    expect(w.requests).toEqual([])
  })
})

test('a signer by a secret is none by a key, for the compiler and at run time', () => {
  // @ts-expect-error it would sign with a key that only one side has
  expect(() => ClientAuthentication.clientSecretJwt({ ...mac, algorithm: 'RS256' })).toThrow()
  // @ts-expect-error the other way round
  expect(ClientAuthentication.privateKeyJwt(mac)._tag).toBe('PrivateKeyJwt')
})
