/** A session with a real server, whose token can be made to end: what every adapter is tested with. */
import { memoryStore, plus, Secret, type Strategy, seconds, TokenSet, TokenSource } from '@tessera/core'
import { type NodeEnv, nodeEnv, openSource, run, systemClock } from '@tessera/node'
import { Client, refreshToken } from '@tessera/oauth2'
import { type Sandbox, startSandbox } from '@tessera/sandbox'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { type Judge, startApiOf } from './startApiOf.js'

/** A session, and the server that it is with. */
export interface Rig extends Judge {
  readonly tokens: TokenSource
  readonly server: Sandbox
  /** The environment of the source. */
  readonly env: NodeEnv
  /** The origin of an API that answers 200 to a good token and 401 to another, whatever the path. */
  readonly api: string
  /** How often the server was asked for a token. */
  readonly requests: () => number
  /** Moves the date: of the source, of the server, and of hosts, which keep tokens by a date of their own. */
  readonly pass: (ms: number) => void
  /** The token ends, as was said when it was issued. */
  readonly expire: () => void
  /** The server ends the token, and says so to nobody: it is refused from now on. */
  readonly end: () => void
  /** The API answers 403 to the next request. */
  readonly forbid: () => void
  /** All tokens that the source has had, refresh tokens among them. */
  readonly secrets: () => ReadonlyArray<string>
  readonly close: () => Promise<void>
}

const HOUR = 3_600_000

/** How a session is renewed. */
export type Renewal = (server: Sandbox) => Strategy<NodeEnv>

const byRefreshToken: Renewal = ({ client: { id, secret }, endpoints }) =>
  refreshToken({ client: Client.make({ id, secret, tokenEndpoint: endpoints.token }) })

/** Opens a session whose refresh token is good for once: a second redemption of it ends the session. */
export const openRig = async (renewal: Renewal = byRefreshToken): Promise<Rig> => {
  const today = Date.now
  let [passed, forbidding] = [0, false]
  Date.now = () => today() + passed
  const server = await startSandbox({ dialect: 'generic', rotation: 'strict', now: () => Date.now() })
  const env = nodeEnv()
  const issued = server.issue()
  const had = new Set([issued.accessToken, issued.refreshToken])
  const initial = TokenSet.make(Secret.make('AccessToken', issued.accessToken), {
    refreshToken: O.some(Secret.make('RefreshToken', issued.refreshToken)),
    expiresAt: O.some(plus(systemClock.now(), seconds(issued.expiresIn))),
  })
  const tokens = openSource(pipe(renewal(server), TokenSource.make({ store: memoryStore(), initial })), env)
  const judge: Judge = {
    isGood: server.isActive,
    isForbidden: () => {
      const is = forbidding
      forbidding = false
      return is
    },
  }
  const api = await startApiOf(judge)
  const note = () => {
    const held = tokens.peek()
    if (O.isNone(held)) return
    had.add(Secret.open(held.value.accessToken))
    if (O.isSome(held.value.refreshToken)) had.add(Secret.open(held.value.refreshToken.value))
  }
  const pass = (ms: number) => {
    note()
    passed += ms
  }
  return {
    tokens,
    server,
    env,
    api: api.url,
    requests: () => server.counts().byEndpoint.token,
    pass,
    expire: () => pass(HOUR),
    end: () => {
      // A token that has just come is not renewed at a refusal.
      pass(2_000)
      server.expireAccessTokens()
    },
    forbid: () => {
      forbidding = true
    },
    ...judge,
    secrets: () => {
      note()
      return [...had, server.client.secret]
    },
    close: async () => {
      await run(tokens.close({ revoke: false }))
      await env.close()
      await api.close()
      await server.close()
      Date.now = today
    },
  }
}
