/**
 * All of it at once at a certified server, oidc-provider: a code by a pushed request, proofs of possession, `private_key_jwt`, a validated ID
 * token, rotation that ends a session at a reuse. Then a thousand callers in four processes find an expired token.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, request as forward } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { CellCodec, instant, memoryStore, seconds, type TokenSet, TokenSource, type TokenStore } from '@tessera/core'
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
import * as O from 'fp-ts/lib/Option.js'
import { request } from 'undici'
import { type Child, startServer } from '../support/child.js'
import { movableClock } from '../support/clock.js'
import { left, right } from '../support/either.js'
import { ecKey } from '../support/keys.js'
import { type Decide, visit } from '../support/person.js'

const ec = ecKey('ec')
const key = { key: ec.pem, passphrase: ec.passphrase, keyId: ec.keyId, algorithm: 'ES256' as const }
const env = nodeEnv()
afterAll(() => env.close())

const consenting: Decide = (_page, fields) => {
  if (fields.has('login')) fields.set('login', 'ann')
  if (fields.has('password')) fields.set('password', 'anything')
  return fields
}

/** The lines of a process, one at a time; fails when it ends before. */
const linesOf = ({ stdout }: ChildProcess): (() => Promise<string>) => {
  if (stdout === null) throw new Error('a process without pipes')
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]()
  return async () => {
    const { value } = await lines.next()
    if (typeof value !== 'string') throw new Error('the process has ended')
    return value
  }
}

/** The token of a session is of yesterday, and nobody has renewed it yet. */
const expire = async (store: TokenStore): Promise<void> => {
  const { version, record } = right(await store.get('ann')())
  const cell = right(CellCodec.decode(record))
  const expiresAt = O.some(instant(0))
  const next = { ...cell, token: O.map((token: TokenSet) => ({ ...token, expiresAt }))(cell.token) }
  right(await store.compareAndSet('ann', version, { version: `${version}.`, record: CellCodec.encode(next) })())
}

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
    const { callback: arrived, page } = await visit(transaction.url, consenting)
    if (arrived === undefined) throw new Error(`no callback, but: ${page}`)
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

  const asked = async (): Promise<number> => {
    const { body } = await request(`${child.url}/test/counts`)
    return ((await body.json()) as Record<string, number>)['refresh_token'] ?? 0
  }

  test('a thousand callers in four processes: one redemption', async () => {
    mkdirSync(join(folder, 'sessions'), { mode: 0o700 })
    const store = fileStore({ folder: join(folder, 'sessions') })
    const seal = await run(cipher({ file: join(folder, 'key'), create: true }))
    await logIn(clientOf(dpop({ key: await run(dpopKeyInStore({ store, cipher: seal })) })), store)

    const settings = JSON.stringify({ folder, issuer: child.url, key, callers: 250 })
    const script = join(__dirname, '../processes/certified.mjs')
    const children = [1, 2, 3, 4].map(() =>
      spawn(process.execPath, [script, settings], { stdio: ['pipe', 'pipe', 'inherit'] }),
    )
    const ended = Promise.all(children.map((each) => once(each, 'close')))
    const lines = children.map(linesOf)
    await Promise.all(lines.map((next) => next()))
    const before = await asked()
    for (const each of children) each.stdin.end('go\n')
    const told: ReadonlyArray<unknown> = await Promise.all(lines.map(async (next) => JSON.parse(await next())))
    expect(told).toEqual(told.map(() => [expect.stringMatching(/^[0-9a-f]{64}$/)]))
    expect(new Set(told.flat()).size).toBe(1)
    // With nonces, one request before it was asked for one: it redeemed nothing, or the session would be over.
    expect((await asked()) - before).toBe(nonces ? 2 : 1)
    await ended
  })

  test('the same, with an answer that is lost: the server forgives no reuse, so one says it, and all are told to log in again', async () => {
    // What is in between loses one answer to a redemption, and says so by ending the connection.
    let lost = 0
    const proxy = createServer((incoming, outgoing) => {
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
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    const address = proxy.address()
    const at = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
    try {
      const store = memoryStore()
      const pair = generateDpopKey()()
      await logIn(clientOf(dpop({ key: pair })), store)
      const before = await asked()
      const clock = movableClock()
      const open = () => {
        const client = clientOf(dpop({ key: pair }), { ...server, tokenEndpoint: `${at}/token` })
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
      proxy.closeAllConnections()
      await new Promise((resolve) => proxy.close(resolve))
    }
  })
})
