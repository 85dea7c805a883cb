/** RFC 8705 over real TLS: the client's certificate at the server's endpoints, and the same one at APIs. */
import { createHash, X509Certificate } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { TLSSocket } from 'node:tls'
import { memoryStore, TokenSource } from '@tessera/core'
import {
  AuthorizationServer,
  Client,
  ClientAuthentication,
  clientCredentials,
  discovery,
  refreshToken,
  revocation,
} from '@tessera/oauth2'
import { pipe } from 'fp-ts/lib/function.js'
import { authenticatedFetch, nodeEnv, openSource, proxiedFetch, run } from '../src/index.js'
import { authorities, bodyOf, serveTls } from './support/servers.js'

const { ca, client: certified } = authorities.loopback
const thumbprint = (certificate: Buffer): string => createHash('sha256').update(certificate).digest('base64url')

/** The certificate that a request came with, if it came with one. */
const certificateOf = ({ socket }: IncomingMessage): string | undefined => {
  const raw = socket instanceof TLSSocket ? socket.getPeerCertificate().raw : undefined
  return raw === undefined ? undefined : thumbprint(raw)
}

/** A server whose usual endpoints ask for no certificate, and whose aliases do; and an API that takes bound tokens. */
const world = async () => {
  const mine = thumbprint(new X509Certificate(certified.cert).raw)
  const bound = new Map<string, string>()
  const seen: string[] = []
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const certificate = certificateOf(request)
    const json = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body))
    seen.push(`${request.url} ${certificate === mine}`)
    const form = new URLSearchParams(await bodyOf(request))
    switch (request.url) {
      case '/.well-known/oauth-authorization-server':
        return json(200, {
          issuer: usual.origin,
          token_endpoint: `${usual.origin}/token`,
          revocation_endpoint: `${usual.origin}/revoke`,
          mtls_endpoint_aliases: {
            token_endpoint: `${mutual.origin}/token`,
            revocation_endpoint: `${mutual.origin}/revoke`,
          },
        })
      case '/token': {
        if (certificate !== mine || form.get('client_id') !== 'app') return json(401, { error: 'invalid_client' })
        const token = `T${bound.size}`
        bound.set(token, certificate)
        return json(200, { access_token: token, token_type: 'bearer', expires_in: 3_600, refresh_token: 'R' })
      }
      case '/revoke':
        return json(certificate === mine ? 200 : 401, {})
      default: {
        const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
        return json(certificate !== undefined && bound.get(token) === certificate ? 200 : 401, {})
      }
    }
  }
  const usual = await serveTls(authorities.loopback, answer)
  const mutual = await serveTls(authorities.loopback, answer, { requestCert: true, rejectUnauthorized: false })
  return { usual, mutual, seen, close: () => Promise.all([usual.close(), mutual.close()]) }
}

let w: Awaited<ReturnType<typeof world>>
beforeAll(async () => {
  w = await world()
})
afterAll(() => w.close())
beforeEach(() => {
  w.seen.length = 0
})

const opened: Array<() => Promise<void>> = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((close) => close()))
})
const open = (tls: NonNullable<Parameters<typeof nodeEnv>[0]>['tls']) => {
  const env = nodeEnv({ tls: { ca, ...tls } })
  opened.push(env.close)
  return env
}
const found = (env: ReturnType<typeof nodeEnv>) => run(discovery({ issuer: w.usual.origin }), env)

test('the certificate is all that a client authenticates by, from the first token to the revocation, and at the API', async () => {
  const env = open(certified)
  const client = Client.make({ id: 'app', authentication: ClientAuthentication.tls, server: await found(env) })
  const source = pipe(
    clientCredentials({ client }),
    TokenSource.make({ store: memoryStore(), revocation: revocation({ client }) }),
    (made) => openSource(made, env),
  )
  const fetch = authenticatedFetch({
    tokens: source,
    origins: [w.mutual.origin],
    fetch: proxiedFetch({ tls: { ca, ...certified } }),
  })
  expect((await fetch(`${w.mutual.origin}/api`)).status).toBe(200)
  expect(await source.revoke()).toMatchObject({ right: 'revoked' })
  expect(w.seen).toEqual(['/.well-known/oauth-authorization-server false', '/token true', '/api true', '/revoke true'])
})

test('without it, or with another one, neither the server nor the API takes anything', async () => {
  for (const tls of [{}, authorities.other.client]) {
    const env = open(tls)
    const client = Client.make({ id: 'app', authentication: ClientAuthentication.tls, server: await found(env) })
    const source = openSource(TokenSource.make({ store: memoryStore() })(clientCredentials({ client })), env)
    expect(await source.get()).toMatchObject({ left: { _tag: 'Rejected', answer: { status: 401 } } })
  }
  const env = open(certified)
  const client = Client.make({ id: 'app', authentication: ClientAuthentication.tls, server: await found(env) })
  const source = openSource(TokenSource.make({ store: memoryStore() })(clientCredentials({ client })), env)
  for (const tls of [{ ca }, { ca, ...authorities.other.client }]) {
    const fetch = authenticatedFetch({ tokens: source, origins: [w.mutual.origin], fetch: proxiedFetch({ tls }) })
    expect((await fetch(`${w.mutual.origin}/api`)).status).toBe(401)
  }
})

test('§4: a public client is bound by its certificate, at the aliases too, and renews there', async () => {
  const env = open(certified)
  const server = AuthorizationServer.mutualTls(await found(env))
  const client = Client.make({ id: 'app', server })
  const source = openSource(TokenSource.make({ store: memoryStore() })(refreshToken({ client })), env)
  expect(await source.login(clientCredentials({ client }))(env)()).toMatchObject({ _tag: 'Right' })
  expect(client.server.tokenEndpoint).toBe(`${w.mutual.origin}/token`)
  expect(w.seen.slice(1)).toEqual(['/token true'])
})

test('without a certificate or a proxy, it is the platform’s own fetch', () => {
  expect(proxiedFetch({})).toBe(fetch)
  expect(proxiedFetch({ tls: { ca } })).not.toBe(fetch)
})
