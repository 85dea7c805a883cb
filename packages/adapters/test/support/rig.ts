/** A session with a real server, whose token can be made to end: what every adapter is tested with. */
import { instant, memoryStore, plus, Secret, seconds, TokenSet, TokenSource } from '@tessera/core'
import { type NodeEnv, nodeEnv, openSource, run, systemClock } from '@tessera/node'
import { Client, refreshToken } from '@tessera/oauth2'
import { type Sandbox, startSandbox } from '@tessera/sandbox'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'

/** A session, and the server that it is with. */
export interface Rig {
  readonly tokens: TokenSource
  readonly server: Sandbox
  /** The environment of the source: its clock is the one that `expire` and `pass` move. */
  readonly env: NodeEnv
  /** An address of the API, which answers 200 to a good token and 401 to another. */
  readonly api: string
  /** How often the server was asked for a token. */
  readonly requests: () => number
  /** Moves the clocks of the source and of the server. */
  readonly pass: (ms: number) => void
  /** The token ends, as was said when it was issued. */
  readonly expire: () => void
  /** The server ends the token, and says so to nobody: it is refused from now on. */
  readonly end: () => void
  /** Whether a token is good at the server now. */
  readonly isGood: (token: string) => boolean
  /** All tokens that the source has had, refresh tokens among them. */
  readonly secrets: () => ReadonlyArray<string>
  readonly close: () => Promise<void>
}

const HOUR = 3_600_000

/** Opens a session whose refresh token is good for once: a second redemption of it ends the session. */
export const openRig = async (): Promise<Rig> => {
  const server = await startSandbox({ dialect: 'generic', rotation: 'strict' })
  let passed = 0
  const clock = { ...systemClock, now: () => instant(systemClock.now() + passed) }
  const env = nodeEnv({ clock })
  const { id, secret } = server.client
  const client = Client.make({ id, secret, tokenEndpoint: server.endpoints.token })
  const issued = server.issue()
  const had = new Set([issued.accessToken, issued.refreshToken])
  const initial = TokenSet.make(Secret.make('AccessToken', issued.accessToken), {
    refreshToken: O.some(Secret.make('RefreshToken', issued.refreshToken)),
    expiresAt: O.some(plus(clock.now(), seconds(issued.expiresIn))),
  })
  const tokens = openSource(pipe(refreshToken({ client }), TokenSource.make({ store: memoryStore(), initial })), env)
  const note = () => {
    const held = tokens.peek()
    if (O.isNone(held)) return
    had.add(Secret.open(held.value.accessToken))
    if (O.isSome(held.value.refreshToken)) had.add(Secret.open(held.value.refreshToken.value))
  }
  const pass = (ms: number) => {
    note()
    passed += ms
    server.clock.advance(ms)
  }
  return {
    tokens,
    server,
    env,
    api: `${server.url}/2.0/users/me`,
    requests: () => server.counts().byEndpoint.token,
    pass,
    expire: () => pass(HOUR),
    end: () => {
      // A token that has just come is not renewed at a refusal.
      pass(2_000)
      server.expireAccessTokens()
    },
    isGood: server.isActive,
    secrets: () => {
      note()
      return [...had, secret]
    },
    close: async () => {
      await run(tokens.close({ revoke: false }))
      await env.close()
      await server.close()
    },
  }
}
