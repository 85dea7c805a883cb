/**
 * A client of a provider that is known.
 *
 * @packageDocumentation
 */
import { checking, raised, type Secret } from '@tessera/core'
import { Client, type ClientAuthentication, type Dpop } from '@tessera/oauth2'
import { NAMED, PRESET, VARIABLES } from './internal/arguments.js'
import { type ServerOptions, serverFor } from './server.js'

/** The parameters of {@link client}: those of {@link server}, and those of `Client.make` beside its server. */
export type ClientOptions = Omit<ServerOptions, 'clientId'> & {
  readonly id: string
  /** Sent with every request that acquires or renews. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
  /** Binds the tokens to a key (RFC 9449), at a provider that knows how. */
  readonly dpop?: Dpop | undefined
} & (
    | {
        /** Sent as the provider wants it. Leave it out for a public client. */
        readonly secret?: Secret<'ClientSecret'> | string
        readonly authentication?: undefined
      }
    | {
        readonly secret?: never
        /** In the place of a secret. */
        readonly authentication?: ClientAuthentication | undefined
      }
  )

/**
 * A client of a provider: what `Client.make` makes, at {@link server}.
 *
 * @throws A {@link AuthError.toError | typed error} where a variable is missing or wrong, by its name; and where `Client.make` does.
 *
 * @example
 * import * as Providers from '@tessera/providers'
 *
 * const client = Providers.client({ preset: Providers.github, id: 'Iv1.8a61f9b3a7aba766', secret: 's3cret' })
 * assert.strictEqual(client.authentication._tag, 'Post')
 * assert.strictEqual(client.server.tokenEndpoint, 'https://github.com/login/oauth/access_token')
 */
export const client: (options: ClientOptions) => Client = checking(
  'Providers.client takes { preset, variables?, id, secret? }',
  { preset: PRESET, variables: VARIABLES, id: NAMED('id') },
  raised,
  ({ preset, variables, allowHttp, ...options }) =>
    Client.make({ ...options, server: serverFor({ preset, variables, allowHttp, clientId: options.id }) }),
)
