/**
 * Ending a session at Box.
 *
 * @packageDocumentation
 */
import { checking, type Instant, type Revoker, type TokenSet } from '@tessera/core'
import { type Client, revocation as oauth2Revocation, type TokenEnv } from '@tessera/oauth2'
import * as O from 'fp-ts/lib/Option.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import { CLIENT } from './internal/arguments.js'

const hasExpired = ({ expiresAt }: TokenSet, now: Instant): boolean => O.isSome(expiresAt) && expiresAt.value <= now

/** The parameters of {@link revocation}. */
export interface RevocationOptions {
  readonly client: Client
}

/**
 * Revokes the access token, and the refresh token with it: Box ends the pair by either, and no other one of the person's. An access
 * token that has expired may be unknown to Box by now and end nothing: the refresh token is sent instead, where there is one, and also
 * where Box says that it does not know the access token. Box answers 200 with an empty body.
 *
 * Source: Box's guide “Revoke a Token”; RFC 7009.
 *
 * @example
 * import * as Box from '@tessera/box'
 *
 * const client = Box.client({ id: 'app', secret: 's3cret' })
 * assert.strictEqual(typeof Box.revocation({ client }), 'function')
 */
export const revocation: (options: RevocationOptions) => Revoker<TokenEnv> = checking(
  'Box.revocation takes { client }',
  { client: CLIENT },
  (error) => () => () => RTE.left(error),
  ({ client }): Revoker<TokenEnv> => {
    const byAccess = oauth2Revocation({ client, token: 'access' })
    const byRefresh = oauth2Revocation({ client, token: 'refresh' })
    const revoke: Revoker<TokenEnv> = (token) => (limits) => (env) => () =>
      (hasExpired(token, env.clock.now()) ? byRefresh : byAccess)(token)(limits)(env)()
    return Object.assign(revoke, { ends: 'grant' as const })
  },
)
