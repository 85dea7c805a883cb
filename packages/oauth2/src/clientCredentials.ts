/**
 * The client credentials grant (RFC 6749 §4.4).
 *
 * @packageDocumentation
 */
import { checking, type Strategy } from '@tessera/core'
import type { Options } from './AuthorizationServer.js'
import type { Client } from './Client.js'
import type { Grant } from './Grant.js'
import { SCOPE } from './internal/arguments.js'
import { CLIENT } from './internal/clientArguments.js'
import { failing } from './internal/failing.js'
import { plain } from './internal/plain.js'
import { scopeParameter } from './internal/scope.js'
import { rfc } from './Provider.js'
import type { TokenEnv } from './TokenEnv.js'
import { tokenRequest } from './tokenRequest.js'

/** The parameters of {@link clientCredentials}. */
export interface ClientCredentialsOptions {
  readonly client: Client
  readonly scope?: ReadonlyArray<string> | undefined
  /** Further parameters: Box's `box_subject_type` and `box_subject_id`, say. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
}

/** The request's pure half. It consumes nothing. */
export const clientCredentialsGrant = ({
  scope = [],
  parameters = {},
  provider = rfc,
}: Omit<ClientCredentialsOptions, 'client'> & Pick<Options, 'provider'> = {}): Grant => ({
  type: 'client_credentials',
  parameters: [],
  further: [...scopeParameter(provider, scope), ...Object.entries(parameters)],
  repeatable: true,
})

/**
 * A token for the client itself.
 *
 * @example
 * import { Client, clientCredentials } from '@tessera/oauth2'
 *
 * const client = Client.make({ id: 'app', secret: 's3cret', tokenEndpoint: 'https://as.example/token' })
 * assert.strictEqual(typeof clientCredentials({ client, scope: ['read'] }), 'function')
 */
export const clientCredentials: (options: ClientCredentialsOptions) => Strategy<TokenEnv> = checking(
  'clientCredentials takes { client, scope?, parameters? }',
  { client: CLIENT, scope: SCOPE },
  failing,
  ({ client, ...options }) =>
    plain(tokenRequest({ client })(clientCredentialsGrant({ ...options, provider: client.server.provider }))),
)
