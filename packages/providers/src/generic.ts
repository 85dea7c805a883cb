/**
 * Any other provider, by what it says of itself.
 *
 * @packageDocumentation
 */
import { type AuthError, type ClockEnv, checking } from '@tessera/core'
import { type AuthorizationServer, type DiscoveryOptions, discovery, type HttpEnv, Provider } from '@tessera/oauth2'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import { TEXT } from './internal/arguments.js'

const OFFLINE = 'offline_access'

/** A server of OpenID Connect gives a refresh token for this scope, and only where the person is asked (OpenID Connect Core §11). */
const withOffline = (server: AuthorizationServer): AuthorizationServer => {
  const isListed = O.exists((all: ReadonlyArray<string>) => all.includes(OFFLINE))(server.scopesSupported)
  const { provider } = server
  return isListed && provider.offline.scope.length === 0
    ? { ...server, provider: { ...provider, offline: { scope: [OFFLINE], parameters: { prompt: 'consent' } } } }
    : server
}

/**
 * A provider that has no preset, by its issuer: what its metadata says, `Provider.rfc`, and offline access by the scope
 * `offline_access` where the metadata lists it. A `provider` of the caller's own is taken as it is, but for that.
 *
 * @example
 * import * as Providers from '@tessera/providers'
 *
 * assert.strictEqual(typeof Providers.generic({ issuer: 'https://as.example' }), 'function')
 */
export const generic: (
  options: DiscoveryOptions,
) => RTE.ReaderTaskEither<HttpEnv & ClockEnv, AuthError, AuthorizationServer> = checking(
  'Providers.generic takes { issuer, … }',
  { issuer: TEXT },
  (error) => RTE.left(error),
  ({ provider = Provider.rfc, ...options }) => pipe(discovery({ ...options, provider }), RTE.map(withOffline)),
)
