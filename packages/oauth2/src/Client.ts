/**
 * A client of an authorization server, as a value.
 *
 * @packageDocumentation
 */
import type { Secret } from '@tessera/core'
import * as AuthorizationServer from './AuthorizationServer.js'
import * as ClientAuthentication from './ClientAuthentication.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** A registered client. */
export interface Client {
  readonly id: string
  readonly authentication: ClientAuthentication.ClientAuthentication
  readonly server: AuthorizationServer.AuthorizationServer
  /** Sent with every token request that acquires or renews, after the grant's own parameters: Box's device pinning, say. */
  readonly parameters: Readonly<Record<string, string>>
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/** The parameters of {@link make}: the server as a value, or its endpoints beside the rest. */
export type Options = {
  readonly id: string
  /** Short for `authentication: ClientAuthentication.post(secret)`. */
  readonly secret?: Secret<'ClientSecret'> | string | undefined
  /** Default: by the secret where there is one, none otherwise. */
  readonly authentication?: ClientAuthentication.ClientAuthentication | undefined
  readonly parameters?: Readonly<Record<string, string>> | undefined
} & ({ readonly server: AuthorizationServer.AuthorizationServer } | AuthorizationServer.Options)

/**
 * A client.
 *
 * @example
 * import { Client } from '@tessera/oauth2'
 *
 * const client = Client.make({ id: 'app', secret: 's3cret', tokenEndpoint: 'https://as.example/token' })
 * assert.strictEqual(client.authentication._tag, 'Post')
 */
export const make = (options: Options): Client => ({
  id: options.id,
  authentication:
    options.authentication ??
    (options.secret === undefined ? ClientAuthentication.none : ClientAuthentication.post(options.secret)),
  server: 'server' in options ? options.server : AuthorizationServer.make(options),
  parameters: options.parameters ?? {},
})
