/** Tessera against others: what the seed's source specifies, jsonwebtoken, jose, oauth4webapi, and the vectors of the RFCs. */
import { spawn } from 'node:child_process'
import { createHash, createPrivateKey, createPublicKey, type JsonWebKey, verify as verifyBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import * as Box from '@tessera/box'
import { minutes, Secret, Strategy, TokenSet } from '@tessera/core'
import { type NodeEnv, nodeEnv, signer, systemDigest, verifyJwt } from '@tessera/node'
import {
  type Algorithm,
  authorizationCode,
  Client,
  ClientAuthentication,
  clientCredentials,
  codeChallenge,
  codeVerifier,
  deviceCode,
  extensionGrant,
  refreshToken,
  revocation,
  type TokenEnv,
  tokenExchange,
} from '@tessera/oauth2'
import { urls } from '@tessera/testing'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import jsonwebtoken from 'jsonwebtoken'
import { httpServer } from '../../src/servers/httpServer.js'
import { impatientClock } from '../support/clock.js'
import { right } from '../support/either.js'
import { makeOAuth2 } from './seed/oauth2.js'
import { makeJwt } from './seed/subclasses.js'
import { A2, A3, PAYLOAD } from './support/rfc7515.js'
import {
  eachInWorld,
  enterpriseJwt,
  type Form,
  KEY,
  KEY_PAIR,
  loggedIn,
  parameter,
  REDIRECT,
  renewed,
  sourceOf,
} from './support/world.js'

/** What a process of its own answers. */
const references = async (question: object): Promise<{ readonly verified: unknown; readonly challenges: unknown }> => {
  const child = spawn(process.execPath, [join(__dirname, 'processes', 'references.mjs')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.end(JSON.stringify({ assertions: [], verifiers: [], methods: [], ...question }))
  const [answer] = await Promise.all([text(child.stdout), once(child, 'close')])
  return JSON.parse(answer)
}

// -----------------------------------------------------------------------------
// the seed's source
// -----------------------------------------------------------------------------

const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

describe("the seed's source specifies", () => {
  const world = eachInWorld()

  test('S-OAUTH2-01 the authorization URL: ours begins with it, whatever the client and the redirect', () => {
    const { env } = world()
    const id = fc.string({ unit: 'grapheme', minLength: 1 })
    const redirect = fc.option(fc.oneof(urls, id), { nil: undefined })
    fc.assert(
      fc.property(id, redirect, (clientId, redirectUri) => {
        const client = Box.client({ id: clientId, secret: 's' })
        const ours = right(Box.authorizationRequest({ client, redirectUri })(env)())
        const [theirs, state] = makeOAuth2({ client }).getAuthorizationUrl(redirectUri)
        expect(ours.url.startsWith(theirs.replace(state, Secret.open(ours.state)))).toBe(true)
      }),
    )
  })

  test('S-JWT-02 the header and the claims, by name; the values that are not random are equal', async () => {
    const { box, client } = world()
    const { appAuth } = (await box.settings()).boxAppSettings
    const decoded = (form: Parameters<typeof parameter>[0]) =>
      (parameter(form, 'assertion') ?? '')
        .split('.')
        .slice(0, 2)
        .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()))
    const seed = makeJwt({
      client,
      privateKey: KEY,
      keyId: appAuth.publicKeyID,
      enterprise: box.enterprise,
      audience: box.endpoints.token,
    })
    right(await sourceOf(world(), await enterpriseJwt(world())).get())
    await seed.authenticateInstance()
    const [ours, theirs] = [world().sent(GRANT)[0], seed.session.sent[0]].map((form) => decoded(form ?? { form: [] }))
    const fixed = ([header, claims]: ReadonlyArray<Record<string, unknown>>) => {
      const { jti, exp, ...rest } = claims ?? {}
      return [header, rest, typeof jti, typeof exp]
    }
    expect(fixed(ours ?? [{}, {}])).toEqual(fixed(theirs ?? [{}, {}]))
  })

  test('S-OAUTH2-03 S-OAUTH2-04 S-JWT-03 the forms: ours have its parameters with its values, and those of PKCE', async () => {
    const { box, client, sent } = world()
    /** Without the values that are of one use. */
    const steady = ({ form }: { readonly form: Form } = { form: [] }) =>
      form
        .filter(([name]) => !['redirect_uri', 'code_verifier'].includes(name))
        .map(([name, value]) => [name, ['code', 'refresh_token', 'assertion'].includes(name) ? '' : value])
        .sort()

    const source = await loggedIn(world())
    await renewed(source)
    right(await sourceOf(world(), await enterpriseJwt(world())).get())

    const { appAuth } = (await box.settings()).boxAppSettings
    const seed = makeJwt({
      client,
      privateKey: KEY,
      keyId: appAuth.publicKeyID,
      enterprise: box.enterprise,
      audience: box.endpoints.token,
    })
    const person = makeOAuth2({ client, session: seed.session })
    const arrived = await box.grant(person.getAuthorizationUrl(REDIRECT)[0])
    await person.authenticate(new URL(arrived).searchParams.get('code') ?? '')
    await person.refresh(person.accessToken())
    await seed.authenticateInstance()

    expect(seed.session.sent).toHaveLength(3)
    expect(sent().map(steady)).toEqual(seed.session.sent.map(steady))
  })
})

// -----------------------------------------------------------------------------
// jsonwebtoken and jose
// -----------------------------------------------------------------------------

describe('an assertion', () => {
  const world = eachInWorld()

  test('S-JWT-02 is verified by jsonwebtoken and by jose, and both read the same', async () => {
    const { box, sent } = world()
    const { keyId } = right(Box.keyOf(right(Box.settings(await box.settings()))))
    const publicKey = createPublicKey(KEY_PAIR.privateKey)
    const algorithms: ReadonlyArray<Algorithm> = ['RS256', 'RS384', 'RS512']
    for (const algorithm of algorithms) {
      const by = signer({ key: KEY, keyId, algorithm })
      right(await sourceOf(world(), await enterpriseJwt(world(), { signer: by })).get())
    }
    const expected = { audience: box.endpoints.token, issuer: box.client.id }
    const jwts = sent(GRANT).map((request) => parameter(request, 'assertion') ?? '')
    const read = jwts.map((jwt, index) => {
      const options = { algorithms: [algorithms[index] ?? 'RS256'], complete: true, ...expected } as const
      const { header, payload } = jsonwebtoken.verify(jwt, publicKey, options)
      return { header, payload }
    })
    expect(read.map(({ header }) => header)).toEqual(algorithms.map((alg) => ({ alg, typ: 'JWT', kid: keyId })))
    const spki = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const { verified } = await references({
      assertions: jwts.map((jwt, index) => ({ jwt, publicKey: spki, algorithm: algorithms[index], ...expected })),
    })
    expect(verified).toEqual(read)
  })
})

// -----------------------------------------------------------------------------
// oauth4webapi
// -----------------------------------------------------------------------------

describe('a request', () => {
  const METHODS = ['post', 'basic', 'none'] as const
  const given = {
    id: 'app: %+&=',
    secret: 's3cret: %+&=~ü',
    code: 'a code+/=',
    redirectUri: 'https://app.example/callback?a=b&c',
    verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
    refreshToken: 'refresh+/=',
    accessToken: 'access-._~+/=',
    deviceCode: 'device code',
    scope: 'read write',
    resource: 'https://api.example/files/1',
    grantType: GRANT,
    parameters: { assertion: 'a.b.c' },
  }

  interface Seen {
    readonly path: string
    readonly type: string | undefined
    readonly authorization: string | undefined
    readonly form: Form
  }

  /** A server that writes down what comes. */
  const recording = async () => {
    const seen: Array<Seen> = []
    const server = await httpServer(({ request, body }, response) => {
      const form = [...new URLSearchParams(body).entries()].sort()
      const { authorization, 'content-type': type } = request.headers
      seen.push({ path: request.url ?? '', type: type?.split(';')[0], form, authorization })
      const isDevice = request.url?.endsWith('/device')
      const answer = isDevice
        ? { device_code: given.deviceCode, user_code: 'U', verification_uri: 'https://as.example/d', expires_in: 60 }
        : { access_token: 'issued', token_type: 'bearer', refresh_token: 'next' }
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answer))
    })
    const of = (side: 'ours' | 'theirs') =>
      seen
        .filter(({ path }) => path.startsWith(`/${side}/`))
        .map((one) => ({ ...one, path: one.path.slice(side.length + 1) }))
    return { base: server.url, of, close: server.close }
  }

  /** Each grant, in the order of the references. */
  const send = async (base: string, method: (typeof METHODS)[number], env: NodeEnv): Promise<void> => {
    const at = `${base}/ours/${method}`
    const client = Client.make({
      id: given.id,
      tokenEndpoint: `${at}/token`,
      revocationEndpoint: `${at}/revoke`,
      deviceAuthorizationEndpoint: `${at}/device`,
      authentication: method === 'none' ? ClientAuthentication.none : ClientAuthentication[method](given.secret),
    })
    const held = TokenSet.make(Secret.make('AccessToken', given.accessToken), {
      refreshToken: O.some(Secret.make('RefreshToken', given.refreshToken)),
    })
    const scope = given.scope.split(' ')
    const { clock } = impatientClock()
    const patient = Strategy.local((live: TokenEnv) => ({ ...live, clock: { ...live.clock, sleep: clock.sleep } }))
    const strategies: ReadonlyArray<Strategy<TokenEnv>> = [
      authorizationCode({
        client,
        code: Secret.make('AuthorizationCode', given.code),
        redirectUri: given.redirectUri,
        verifier: Secret.make('CodeVerifier', given.verifier),
      }),
      refreshToken({ client }),
      clientCredentials({ client, scope }),
      tokenExchange({ client })(held, { scope, resource: given.resource }),
      extensionGrant({ client, grantType: given.grantType, parameters: given.parameters }),
      patient(deviceCode({ client, scope, onUserCode: () => undefined })),
    ]
    const attempt = Strategy.attempt(minutes(1), { previous: O.some(held) })(env)()
    for (const strategy of strategies) {
      const result = await strategy(attempt)(env)()
      // The exchange's answer has no type of an issued token; it was sent all the same.
      if (E.isLeft(result) && result.left._tag !== 'Malformed') throw new Error(result.left._tag)
    }
    right(await revocation({ client, token: 'access' })(held)(attempt)(env)())
  }

  test('is the one that oauth4webapi sends, for every grant that both have and every way to authenticate', async () => {
    const { base, of, close } = await recording()
    const env = nodeEnv()
    for (const method of METHODS) await send(base, method, env)
    await references({ base, methods: METHODS, given })
    expect(of('ours')).toHaveLength(METHODS.length * 8)
    // RFC 8628 §3.1 asks for it only where the client does not authenticate.
    const isSuperfluous = ({ path, authorization }: Seen) => path.endsWith('/device') && authorization !== undefined
    const theirs = of('theirs').map((seen) =>
      isSuperfluous(seen) ? { ...seen, form: seen.form.filter(([name]) => name !== 'client_id') } : seen,
    )
    expect(of('ours')).toEqual(theirs)
    await env.close()
    await close()
  })
})

// -----------------------------------------------------------------------------
// the RFCs
// -----------------------------------------------------------------------------

describe('the vectors of the RFCs', () => {
  test('B-OAUTH2-06 RFC 7636 appendix B: the challenge of the example verifier', () => {
    const verifier = Secret.make('CodeVerifier', 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')
    expect(codeChallenge(systemDigest)(verifier)).toBe('E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM')
  })

  test('B-OAUTH2-06 RFC 7636: the challenges are those of oauth4webapi, and of the definition', async () => {
    const env = nodeEnv()
    const verifiers = Array.from({ length: 50 }, () => Secret.open(codeVerifier(env)()))
    const ours = verifiers.map((verifier) => codeChallenge(systemDigest)(Secret.make('CodeVerifier', verifier)))
    expect((await references({ verifiers })).challenges).toEqual(ours)
    expect(verifiers.map((of) => createHash('sha256').update(of).digest('base64url'))).toEqual(ours)
    await env.close()
  })

  const keyOf = (key: JsonWebKey) => createPrivateKey({ key, format: 'jwk' })

  test('S-JWT-02 RFC 7515 A.2: the RS256 signature', async () => {
    const by = signer({ key: keyOf(A2.key) })
    expect(right(await by.sign(`${A2.header}.${PAYLOAD}`)())).toBe(A2.signature)
  })

  test('RFC 7515 A.3: an ES256 signature is as long as the example’s, and both verify by its key', async () => {
    const input = `${A3.header}.${PAYLOAD}`
    const signature = right(await signer({ key: keyOf(A3.key), algorithm: 'ES256' }).sign(input)())
    for (const each of [signature, A3.signature]) {
      const bytes = Buffer.from(each, 'base64url')
      const key = createPublicKey({ key: A3.key, format: 'jwk' })
      expect(bytes).toHaveLength(64)
      expect(verifyBytes('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }, bytes)).toBe(true)
    }
  })

  const verifying = verifyJwt({
    key: createPublicKey(keyOf(A2.key)),
    algorithms: ['RS256'],
    audience: 'you',
    issuer: 'joe',
  })

  test('RFC 7519 §6.1 and §3.1: an unsecured JWT, and one of a shared secret, are no proof', async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = part({ iss: 'joe', aud: 'you', exp: Math.floor(Date.now() / 1_000) + 60 })
    const jwts = [
      `eyJhbGciOiJub25lIn0.${PAYLOAD}.`,
      `eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.${PAYLOAD}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk`,
      `${part({ alg: 'none' })}.${claims}.`,
      `${part({ alg: 'HS256' })}.${claims}.AAAA`,
      // Signed well, and over: it expired in 2011.
      `${A2.header}.${PAYLOAD}.${A2.signature}`,
    ]
    for (const jwt of jwts) expect(E.isLeft(await verifying(Secret.make('Assertion', jwt))())).toBe(true)
    const input = `${part({ alg: 'RS256' })}.${claims}`
    const good = `${input}.${right(await signer({ key: keyOf(A2.key) }).sign(input)())}`
    expect(E.isRight(await verifying(Secret.make('Assertion', good))())).toBe(true)
  })
})
