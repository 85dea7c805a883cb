/**
 * Each preset against a server that behaves as the provider's page says, over real HTTP. The pages are written from the providers'
 * documentation (`support/pages.ts`), not from the presets.
 */
import { minutes, Secret, TokenSet } from '@tessera/core'
import { type NodeEnv, nodeEnv } from '@tessera/node'
import { authorizationRequest, ClientAuthentication, callback, revocation, userinfo } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Providers from '../src/index.js'
import type { Page } from './support/Page.js'
import { type PageServer, startPage } from './support/pageServer.js'
import { pages } from './support/pages.js'
import {
  clientOf,
  codeLogin,
  deviceLogin,
  left,
  movableClock,
  open,
  outlive,
  presetOf,
  REDIRECT,
  right,
  sourceOf,
  strategyOf,
} from './support/session.js'

let env: NodeEnv
let live: NodeEnv
let server: PageServer
let advance: (duration: number) => void

const begin = async (page: Page): Promise<void> => {
  server = await startPage(page)
  const moved = movableClock()
  advance = moved.advance
  live = nodeEnv()
  env = { ...server.redirected(live), clock: moved.clock }
}
afterEach(async () => {
  await live.close()
  await server.close()
})

const named = pages.map((page) => [page.preset, page] as const)
const having = <K extends keyof Page>(member: K) =>
  named.filter((each): each is readonly [string, Page & Required<Pick<Page, K>>] => each[1][member] !== undefined)

test('there is a page for each preset', () => {
  expect(pages.map(({ preset }) => preset).sort()).toEqual(Providers.all.map(({ name }) => name))
  return begin(pages[0] as Page)
})

describe.each(named)('%s', (_, page) => {
  beforeEach(() => begin(page))

  test('a login in the browser: the request, the client and the answer are as its page has them', async () => {
    const client = clientOf(page)
    const scope = page.preset === 'notion' ? [] : ['a', 'b']
    const source = sourceOf(strategyOf('code', client), env)
    const token = right(await source.login(await codeLogin(client, server, env, { scope }))(env)())
    expect(server.complaints).toEqual([])
    expect(server.isAlive(open(token))).toBe(true)
    expect(O.isSome(token.refreshToken)).toBe(true)
    expect(O.isSome(token.expiresAt)).toBe(page.expiresIn !== undefined)
    const asked = [...scope, ...(page.offline?.scope === undefined ? [] : [page.offline.scope])]
    expect(token.scope).toEqual(page.answered === 'none' ? [] : asked)
  })

  test('a refresh keeps what the page says of its refresh tokens', async () => {
    const client = clientOf(page)
    const source = sourceOf(strategyOf('code', client), env)
    const first = right(await source.login(await codeLogin(client, server, env))(env)())
    await outlive(source, first, advance)
    const second = right(await source.get())
    await outlive(source, second, advance)
    const third = right(await source.get())
    expect(server.complaints).toEqual([])
    expect(server.count('refresh')).toBe(2)
    expect(new Set([first, second, third].map(open)).size).toBe(3)
    const refreshOf = ({ refreshToken }: TokenSet) => O.toUndefined(O.map(Secret.open)(refreshToken))
    expect(refreshOf(second) === refreshOf(first)).toBe(page.rotation === 'none')
  })
})

describe('offline access', () => {
  test.each(having('offline'))('%s gives no refresh token unless it is asked for', async (_, page) => {
    await begin(page)
    const client = clientOf(page)
    const login = await codeLogin(client, server, env, { offline: false })
    const token = right(await sourceOf(strategyOf('code', client), env).login(login)(env)())
    expect(O.isNone(token.refreshToken)).toBe(true)
  })
})

describe('a dead refresh token', () => {
  test.each(having('dead'))('of %s is "log in again", and is sent once', async (_, page) => {
    await begin(page)
    const client = clientOf(page)
    const source = sourceOf(strategyOf('code', client), env)
    const token = right(await source.login(await codeLogin(client, server, env))(env)())
    server.end()
    await outlive(source, token, advance)
    for (const _get of [1, 2, 3]) expect(left(await source.get())._tag).toBe('ReauthenticationRequired')
    expect(server.count('refresh')).toBe(1)
  })
})

describe('a refresh that is refused although the session is alive', () => {
  test.each(having('busy'))('of %s does not end it', async (_, page) => {
    await begin(page)
    const client = clientOf(page)
    const source = sourceOf(strategyOf('code', client), env)
    const token = right(await source.login(await codeLogin(client, server, env))(env)())
    await outlive(source, token, advance)
    server.beBusy()
    expect(left(await source.get())._tag).not.toBe('ReauthenticationRequired')
    advance(minutes(2))
    expect(server.isAlive(open(right(await source.get())))).toBe(true)
    expect(server.complaints).toEqual([])
  })
})

describe('the device flow', () => {
  test.each(having('device'))('of %s goes on until the person has decided', async (_, page) => {
    await begin(page)
    const client = clientOf(page)
    const source = sourceOf(strategyOf('device', client), env)
    const token = right(await source.login(deviceLogin(client))(env)())
    expect(server.complaints).toEqual([])
    expect([server.count('device'), server.isAlive(open(token))]).toEqual([2, true])
    await outlive(source, token, advance)
    right(await source.get())
    expect(server.complaints).toEqual([])
  })
})

describe('a revocation', () => {
  const logins = async (page: Page) => {
    await begin(page)
    const client = clientOf(page)
    const login = async (key: string) => {
      const source = sourceOf(strategyOf('code', client), env, { key, revocation: revocation({ client }) })
      return { source, token: right(await source.login(await codeLogin(client, server, env))(env)()) }
    }
    return { client, session: await login('here'), other: await login('there') }
  }

  test.each(having('revocation'))('of %s is asked for as its page has it, and ends what it says', async (_, page) => {
    const { session, other } = await logins(page)
    const { ends, takes } = page.revocation
    expect(right(await session.source.revoke())).toBe('revoked')
    expect(server.complaints).toEqual([])
    const alive = ({ accessToken, refreshToken }: TokenSet) => ({
      access: server.isAlive(Secret.open(accessToken)),
      refresh: O.exists((token: Secret) => server.isAlive(Secret.open(token)))(refreshToken),
    })
    // `isAlive` is of the grant; a page that ends one token of it leaves the other.
    if (ends !== 'token') expect(alive(session.token)).toEqual({ access: false, refresh: false })
    else expect(server.isAlive(takes.includes('refresh') ? refreshIn(session.token) : open(session.token))).toBe(false)
    expect(alive(other.token).access).toBe(ends !== 'all')
  })

  test.each(
    having('revocation').filter(
      ([, page]) => page.expiresIn !== undefined && !page.revocation.takes.includes('refresh'),
    ),
  )('of %s, which takes access tokens only, ends a session whose own has expired', async (_, page) => {
    const { session, other } = await logins(page)
    await outlive(session.source, session.token, advance)
    expect(right(await session.source.revoke())).toBe('revoked')
    expect(server.complaints).toEqual([])
    expect(server.count('refresh')).toBe(1)
    expect([refreshIn(session.token), open(session.token)].map(server.isAlive)).toEqual([false, false])
    expect(server.isAlive(open(other.token))).toBe(page.revocation.ends !== 'all')
  })

  test.each(
    having('revocation').filter(
      ([
        ,
        {
          revocation: { unknown },
        },
      ]) => unknown !== undefined,
    ),
  )('of %s of a token that is unknown is no error', async (_, page) => {
    const { session } = await logins(page)
    server.end()
    expect(right(await session.source.revoke())).toBe('revoked')
  })

  test.each(named)('of %s, or none, is what the preset says', (_, page) => {
    expect(presetOf(page).endpoints.revocation === undefined).toBe(page.revocation === undefined)
  })
})

const refreshIn = ({ refreshToken }: TokenSet): string => O.match(() => '', Secret.open)(refreshToken)

describe('who logged in', () => {
  test.each(having('person'))('%s tells', async (_, page) => {
    await begin(page)
    const client = clientOf(page)
    const token = right(
      await sourceOf(strategyOf('code', client), env).login(await codeLogin(client, server, env))(env)(),
    )
    const { id, name } = page.person
    expect(right(await userinfo({ client })(token)(env)())).toEqual({ id, name: O.fromNullable(name) })
    expect(server.complaints).toEqual([])
    const dead = TokenSet.make(Secret.make('AccessToken', 'none of its'))
    expect(left(await userinfo({ client })(dead)(env)())).toMatchObject({ _tag: 'Rejected', answer: { status: 401 } })
  })
})

describe('of one provider', () => {
  const slack = pages.find(({ preset }) => preset === 'slack') as Page

  test('Slack: a public client has PKCE, one with a secret has none', async () => {
    await begin(slack)
    const client = { ...clientOf(slack), authentication: ClientAuthentication.none }
    const login = right(authorizationRequest({ client, redirectUri: REDIRECT })(env)())
    expect(new URL(login.url).searchParams.get('code_challenge_method')).toBe('S256')
    const confidential = right(authorizationRequest({ client: clientOf(slack), redirectUri: REDIRECT })(env)())
    expect([confidential.verifier, new URL(confidential.url).searchParams.has('code_challenge')]).toEqual([
      undefined,
      false,
    ])
  })

  test('GitHub: a callback of another issuer is refused', async () => {
    const github = pages.find(({ preset }) => preset === 'github') as Page
    await begin({ ...github, iss: 'https://evil.example' })
    const client = clientOf(github)
    const login = right(authorizationRequest({ client, redirectUri: REDIRECT })(env)())
    expect(left(callback(login)(await server.visit(login.url))())).toMatchObject({ _tag: 'Malformed', path: 'iss' })
  })

  test('one without a revocation endpoint says so', async () => {
    await begin(slack)
    const spotify = Providers.client({ preset: Providers.spotify, id: 'app', secret: 's3cret' })
    const held = TokenSet.make(Secret.make('AccessToken', 'A'))
    const limits = { deadline: env.clock.now(), signal: new AbortController().signal }
    const revoked = await revocation({ client: spotify })(held)(limits)(env)()
    expect(E.isLeft(revoked) && revoked.left).toMatchObject({ _tag: 'Misconfigured', field: 'revocationEndpoint' })
  })
})
