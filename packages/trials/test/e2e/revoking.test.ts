/** The end of a grant by either token of its pair, over real HTTP, at a server that says which tokens it does not know. */
import * as Box from '@tessera/box'
import { memoryStore, remoteCallback, Secret, TokenSet, TokenSource } from '@tessera/core'
import { type NodeEnv, nodeEnv } from '@tessera/node'
import { Client, revocation } from '@tessera/oauth2'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { httpServer } from '../../src/servers/httpServer.js'
import { right } from '../support/either.js'

const ACCESS = 'the access token'
const REFRESH = 'the refresh token'
const held = TokenSet.make(Secret.make('AccessToken', ACCESS), {
  refreshToken: O.some(Secret.make('RefreshToken', REFRESH)),
})

let env: NodeEnv
let end: () => Promise<unknown> = async () => undefined
beforeEach(() => {
  env = nodeEnv()
})
afterEach(async () => {
  await env.close()
  await end()
})

/** A server with one grant, which ends by any of the tokens that it knows. */
const serverOf = async (status: number, ...known: ReadonlyArray<string>) => {
  const asked: Array<string | null> = []
  let isAlive = true
  const server = await httpServer(({ body }, response) => {
    const sent = new URLSearchParams(body).get('token')
    asked.push(sent)
    if (isAlive && sent !== null && known.includes(sent)) {
      isAlive = false
      response.end()
    } else {
      response.writeHead(status, { 'content-type': 'application/json' }).end('{"error":"invalid_token"}')
    }
  })
  end = server.close
  return { url: server.url, asked, isAlive: () => isAlive }
}

const secret = Secret.make('ClientSecret', 's3cret')
const clientAt = (url: string) =>
  Client.make({
    id: 'app',
    secret,
    tokenEndpoint: `${url}/token`,
    revocationEndpoint: `${url}/revoke`,
  })

const WAYS = {
  'Box.revocation': (url: string) =>
    Box.revocation({ client: Box.client({ id: 'app', secret, server: Box.serverAt(url) }) }),
  'revocation by the access token': (url: string) => revocation({ client: clientAt(url), token: 'access' }),
  'revocation by the refresh token': (url: string) => revocation({ client: clientAt(url) }),
}

describe.each(Object.entries(WAYS))('[A06] %s', (_name, revoking) => {
  test.each([
    ['access token', 400, REFRESH],
    ['refresh token', 400, ACCESS],
    ['access token', 200, REFRESH],
    ['refresh token', 200, ACCESS],
  ])('ends the grant also where the server has forgotten the %s, and says so by a %i', async (_, status, known) => {
    const server = await serverOf(status, known)
    const config = { store: memoryStore(), key: 'ann', initial: held, revocation: revoking(server.url) }
    const source = pipe(
      remoteCallback(() => 'another'),
      TokenSource.make(config),
    )(env)()
    right(await source.get())
    expect(right(await source.revoke())).toBe('revoked')
    expect(server.isAlive()).toBe(false)
    expect(server.asked.at(-1)).toBe(known)
  })

  test('asks twice at most, where the server knows neither: the grant is over there', async () => {
    const server = await serverOf(400)
    const config = { store: memoryStore(), key: 'ann', initial: held, revocation: revoking(server.url) }
    const source = pipe(
      remoteCallback(() => 'another'),
      TokenSource.make(config),
    )(env)()
    right(await source.get())
    expect(right(await source.revoke())).toBe('revoked')
    expect([...server.asked].sort()).toEqual([ACCESS, REFRESH])
  })
})
