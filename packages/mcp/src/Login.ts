/**
 * How the first token for an MCP server is acquired.
 *
 * @packageDocumentation
 */
import type { AuthError, Strategy } from '@tessera/core'
import type { NodeEnv } from '@tessera/node'
import type { AuthorizationServer, Client } from '@tessera/oauth2'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'

/** What a login is told: for what, at which server, and as whom. */
export interface LoginRequest {
  /** The MCP server, as it names itself (RFC 9728 §2). */
  readonly resource: string
  /** Who gives tokens for it. */
  readonly server: AuthorizationServer
  /** What to ask for. Empty where neither the server nor anybody else said: the parameter is left out then. */
  readonly scope: ReadonlyArray<string>
  /** The client; where it has to be registered first, then with these redirect URIs. */
  readonly clientFor: (redirectUris: ReadonlyArray<string>) => ReaderTaskEither<NodeEnv, AuthError, Client>
}

/** A way to the first token. */
export interface Login {
  /** A person takes part, who is asked once for all processes that share the store. */
  readonly interactive: boolean
  readonly strategy: (request: LoginRequest) => Strategy<NodeEnv>
}
