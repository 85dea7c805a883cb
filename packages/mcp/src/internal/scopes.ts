import type { TokenSet } from '@tessera/core'
import type { AuthorizationServer } from '@tessera/oauth2'
import * as O from 'fp-ts/lib/Option.js'

const OFFLINE = 'offline_access'

/** The scopes of some lists, each once. */
export const union = (...lists: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> => [
  ...new Set(lists.flat()),
]

/** Whether a token has all these scopes. */
export const hasAll =
  (scope: ReadonlyArray<string>) =>
  (token: TokenSet): boolean =>
    scope.every((each) => token.scope.includes(each))

/** What says which scopes to ask for. */
export interface Wanted {
  /** What the MCP server has asked for (RFC 6750 §3). */
  readonly challenged: ReadonlyArray<string>
  /** What the application wants. */
  readonly own: ReadonlyArray<string>
  /** What the session has. */
  readonly granted: ReadonlyArray<string>
  /** What the MCP server's metadata lists. */
  readonly supported: O.Option<ReadonlyArray<string>>
}

/**
 * The scopes of a login, by MCP's strategy: what the server has asked for, else what its metadata lists. What the application wants comes
 * to the first and takes the place of the second; what the session has is kept. Where the authorization server has a scope for refresh
 * tokens, it is asked for too (SEP-2207).
 */
export const scopeOf = (
  { challenged, own, granted, supported }: Wanted,
  server: Pick<AuthorizationServer, 'scopesSupported'>,
): ReadonlyArray<string> => {
  const said = union(challenged, own)
  const scope = union(granted, said.length > 0 ? said : O.getOrElse((): ReadonlyArray<string> => [])(supported))
  const isOffline = O.exists((all: ReadonlyArray<string>) => all.includes(OFFLINE))(server.scopesSupported)
  return scope.length > 0 && isOffline ? union(scope, [OFFLINE]) : scope
}
