/**
 * A login in the person's own browser.
 *
 * @packageDocumentation
 */
import { Strategy } from '@tessera/core'
import { browserLogin, type NodeEnv } from '@tessera/node'
import { beginLogin } from '@tessera/oauth2'
import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import type { Login, LoginRequest } from './Login.js'

/** The parameters of {@link byBrowser}. */
export interface BrowserOptions {
  /** Sends the person to an address: opens the system's browser, or shows it. It is not awaited. */
  readonly visit: (url: string) => void
  /**
   * Where the browser comes back to, on 127.0.0.1. Default: a port that is always the same for one MCP server, so that a client that has
   * registered itself stays good for the next login; another one where that is taken.
   */
  readonly port?: number | undefined
}

// Below those that systems give to connections.
const [FIRST_PORT, PORTS] = [20_000, 12_000]

/** A port by the name of a server, by FNV-1a: any function that spreads would do. */
const portOf = (resource: string): number => {
  let hash = 0x811c9dc5
  for (const character of resource) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193)
  return FIRST_PORT + ((hash >>> 0) % PORTS)
}

// A refresh token is given to those who ask for it and whom the person is asked about (OpenID Connect Core §11).
const extraOf = (scope: ReadonlyArray<string>): Readonly<Record<string, string>> =>
  scope.includes('offline_access') ? { prompt: 'consent' } : {}

const at =
  ({ clientFor, scope }: LoginRequest, visit: BrowserOptions['visit']) =>
  (port: number): Strategy<NodeEnv> =>
    browserLogin<NodeEnv>({
      port,
      visit,
      begin: (redirectUri) =>
        pipe(
          clientFor([redirectUri]),
          RTE.bindTo('client'),
          RTE.bindW('transaction', ({ client }) => beginLogin({ client, redirectUri, scope, extra: extraOf(scope) })),
        ),
    })

/**
 * A login in the person's own browser (RFC 8252): by the authorization code with PKCE, whose callback comes to a listener on 127.0.0.1.
 * The state and `iss` (RFC 9207) are checked.
 *
 * @example
 * import { byBrowser } from '@tessera/mcp'
 *
 * const login = byBrowser({ visit: (url) => console.error(`Open ${url}`) })
 * assert.strictEqual(login.interactive, true)
 */
export const byBrowser = ({ visit, port }: BrowserOptions): Login => ({
  interactive: true,
  strategy: (request) => {
    const on = at(request, visit)
    if (port !== undefined) return on(port)
    return Strategy.make({ interactive: true }, (attempt) =>
      pipe(
        on(portOf(request.resource))(attempt),
        RTE.orElse((error) =>
          error._tag === 'Misconfigured' && error.field === 'port' ? on(0)(attempt) : RTE.left(error),
        ),
      ),
    )
  },
})
