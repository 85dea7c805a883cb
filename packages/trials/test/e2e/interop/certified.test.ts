/**
 * All of it at once at a certified server, oidc-provider: a code by a pushed request, proofs of possession, `private_key_jwt`, a validated ID
 * token, rotation that ends a session at a reuse. Then a thousand callers in four processes find an expired token.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, request as forward } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStore, seconds, TokenSource, type TokenStore } from '@tessera/core'
import { cipher, dpopKeyInStore, generateDpopKey, nodeEnv, run, signer } from '@tessera/node'
import {
  type AuthorizationServer,
  authorizationCode,
  Client,
  ClientAuthentication,
  callback,
  type Dpop,
  discovery,
  dpop,
  pushedAuthorizationRequest,
  refreshToken,
} from '@tessera/oauth2'
import { idToken, jwks, validated } from '@tessera/oidc'
import { fileStore } from '@tessera/store-file'
import { pipe } from 'fp-ts/lib/function.js'
import { listening } from '../../../src/servers/httpServer.js'
import { movableClock } from '../../support/clock.js'
import { left, right } from '../../support/either.js'
import { callbackOf, consenting, visit } from '../../support/person.js'
import { type Child, startServer } from '../support/child.js'
import { ecKey } from '../support/keys.js'
import { together } from '../support/lines.js'
import { askedFor, expire } from '../support/oidcProvider.js'

const ec = ecKey('ec')
const key = { key: ec.pem, passphrase: ec.passphrase, keyId: ec.keyId, algorithm: 'ES256' as const }
const env = nodeEnv()
afterAll(() => env.close())

describe.each([false, true])('nonces required: %s', (nonces) => {
  let child: Child
  let server: AuthorizationServer
  let folder: string

  beforeAll(async () => {
    child = await startServer('oidcProvider.mjs', { secret: 'a secret', publicJwks: [ec.publicJwk], nonces })
    server = right(await discovery({ issuer: child.url })(env)())
    folder = mkdtempSync(join(tmpdir(), 'tessera-certified-'))
  })
  afterAll(async () => {
    rmSync(folder, { recursive: true })
    await child.close()
  })

  const clientOf = (proofs: Dpop, at = server): Client =>
    Client.make({
      id: 'key',
      authentication: ClientAuthentication.privateKeyJwt(signer(key)),
      server: at,
      dpop: proofs,
    })

  /** A person logs in, and the ID token says who. */
  const logIn = async (client: Client, store: TokenStore): Promise<void> => {
    const asked = { client, redirectUri: 'http://127.0.0.1:1/callback', extra: { prompt: 'consent' } }
    const scope = ['openid', 'offline_access', 'read']
    const transaction = right(await pushedAuthorizationRequest({ ...asked, scope })(env)())
    const arrived = callbackOf(await visit(transaction.url, consenting))
    const code = right(callback(transaction)(arrived)())
    const login = pipe(
      authorizationCode({ client, ...code }),
      validated({
        source: pipe(refreshToken({ client }), TokenSource.make({ store, key: 'ann' }))(env)(),
        idToken: idToken({ client, keys: jwks({ client }), nonce: code.nonce }),
      }),
    )
    expect(right(await login(env)()).claims).toMatchObject({ sub: 'ann', aud: 'key' })
    await expire(store)
  }

  const asked = (): Promise<number> => askedFor(child, 'refresh_token')

  test('a thousand callers in four processes: one redemption', async () => {
    mkdirSync(join(folder, 'sessions'), { mode: 0o700 })
    const store = fileStore({ folder: join(folder, 'sessions') })
    const seal = await run(cipher({ file: join(folder, 'key'), create: true }))
    await logIn(clientOf(dpop({ key: await run(dpopKeyInStore({ store, cipher: seal })) })), store)

    const settings = JSON.stringify({ folder, issuer: child.url, key, callers: 250 })
    const script = join(__dirname, '../processes/certified.mjs')
    const go = await together(4, script, settings)
    const before = await asked()
    const told: ReadonlyArray<unknown> = (await go()).map((line) => JSON.parse(line))
    expect(told).toEqual(told.map(() => [expect.stringMatching(/^[0-9a-f]{64}$/)]))
    expect(new Set(told.flat()).size).toBe(1)
    // With nonces, one request before it was asked for one: it redeemed nothing, or the session would be over.
    expect((await asked()) - before).toBe(nonces ? 2 : 1)
  })

  test('the same, with an answer that is lost: the server forgives no reuse, so one says it, and all are told to log in again', async () => {
    // What is in between loses one answer to a redemption, and says so by ending the connection.
    let lost = 0
    const losing = createServer((incoming, outgoing) => {
      const onward = forward(`${child.url}${incoming.url}`, { method: incoming.method, headers: incoming.headers })
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('end', () => onward.end(Buffer.concat(chunks)))
      onward.on('response', (answer) => {
        if (answer.statusCode === 200 && lost === 0) {
          lost += 1
          answer.resume().on('end', () => outgoing.destroy())
        } else {
          outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
          answer.pipe(outgoing)
        }
      })
    })
    const proxy = await listening(losing)
    try {
      const store = memoryStore()
      const pair = generateDpopKey()()
      await logIn(clientOf(dpop({ key: pair })), store)
      const before = await asked()
      const clock = movableClock()
      const open = () => {
        const client = clientOf(dpop({ key: pair }), { ...server, tokenEndpoint: `${proxy.url}/token` })
        return pipe(refreshToken({ client }), TokenSource.make({ store, key: 'ann' }))({ ...env, clock })()
      }
      const first = open()
      const unknown = await Promise.all(Array.from({ length: 250 }, () => first.get()))
      expect(new Set(unknown.map((result) => left(result)._tag))).toEqual(new Set(['OutcomeUnknown']))
      clock.advance(seconds(21))
      const sources = [open(), open(), open()]
      const results = await Promise.all(sources.flatMap(({ get }) => Array.from({ length: 250 }, () => get())))
      expect(new Set(results.map((result) => left(result)._tag))).toEqual(new Set(['ReauthenticationRequired']))
      expect(lost).toBe(1)
      // The one that was lost and the one that asked again; and with nonces, what each of the two asked before it had one.
      expect((await asked()) - before).toBe(nonces ? 4 : 2)
    } finally {
      await proxy.close()
    }
  })
})
