import { instant, memoryStore, type TokenStore } from '@tessera/core'
import {
  aesGcm,
  type Connection,
  connectUsers,
  generateKey,
  systemClock,
  systemDigest,
  systemRandom,
} from '@tessera/node'
import { Client, refreshToken, revocation } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { type WebEvent, type WebSessions, type WebSessionsOptions, webSessions } from '../../src/index.js'
import { type Browser, browser, locationOf } from './browser.js'
import { CLIENT_ID, ISSUER, makeProvider, type Provider } from './provider.js'

export const APP = 'https://app.example'

export const cipherOf = (...keys: ReadonlyArray<ReturnType<ReturnType<typeof generateKey>>>) => {
  const [write = generateKey(systemRandom)(), ...read] = keys
  const made = aesGcm({ write, read })
  if (E.isLeft(made)) throw new Error('no cipher')
  return made.right
}

export interface World {
  readonly provider: Provider
  readonly web: WebSessions<Connection<Env>>
  readonly store: TokenStore
  readonly events: ReadonlyArray<WebEvent>
  /** Answers as the application does: its paths, and `/`, which says who is there. */
  readonly answer: (request: Request) => Promise<Response>
  readonly browser: () => Browser
  /** A whole login in a browser. */
  readonly login: (by: Browser, person: string, to?: string) => Promise<Response>
  /** Moves the clock, in ms. */
  readonly advance: (by: number) => void
}

type Env = ReturnType<typeof envOf>
type Options = WebSessionsOptions<Connection<Env>>

const envOf = ({ http }: Provider, clock: typeof systemClock) => ({
  http,
  clock,
  random: systemRandom,
  digest: systemDigest,
})

export const makeWorld = (given: Partial<Options> = {}, issuer = ISSUER): World => {
  let offset = 0
  const clock = { ...systemClock, now: () => instant(systemClock.now() + offset) }
  const provider = makeProvider(() => clock.now(), issuer)
  const env = envOf(provider, clock)
  const store = given.store ?? memoryStore()
  const client = Client.make({
    id: CLIENT_ID,
    secret: 's3cret',
    issuer,
    tokenEndpoint: `${issuer}/token`,
    authorizationEndpoint: `${issuer}/authorize`,
    revocationEndpoint: `${issuer}/revoke`,
    issParameterSupported: true,
  })
  const events: Array<WebEvent> = []
  const web = webSessions({
    client,
    redirectUri: `${APP}/callback`,
    scope: ['openid', 'offline_access'],
    users: connectUsers(() => refreshToken({ client }), { store, env, revocation: revocation({ client }) }),
    cipher: cipherOf(),
    store,
    env,
    observe: (event) => events.push(event),
    ...given,
  })
  const who = web.requireSession(async (_, { sub, connection }) => {
    await connection.token()
    return new Response(sub)
  })
  const answer = async (request: Request): Promise<Response> => (await web.handle(request)) ?? who(request)
  return {
    provider,
    web,
    store,
    events,
    answer,
    browser: () => browser(new URL(given.redirectUri ?? APP).origin, answer),
    login: async (by, person, to = '/') => {
      const begun = await by.open(`${web.paths.login}?return_to=${encodeURIComponent(to)}`)
      return by.open(provider.consent(locationOf(begun), person))
    },
    advance: (by) => {
      offset += by
    },
  }
}

/** Who is logged in, by a page. */
export const whoIs = async (by: Browser): Promise<string | undefined> => {
  const answer = await by.open('/')
  return answer.status === 200 ? answer.text() : undefined
}
