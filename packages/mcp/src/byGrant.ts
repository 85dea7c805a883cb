/**
 * Tokens without a person.
 *
 * @packageDocumentation
 */
import type { Strategy } from '@tessera/core'
import type { NodeEnv } from '@tessera/node'
import type { Client } from '@tessera/oauth2'
import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import type { Login, LoginRequest } from './Login.js'

/** What {@link byGrant} makes a strategy of. */
export interface GrantRequest extends Omit<LoginRequest, 'clientFor'> {
  readonly client: Client
}

/**
 * Tokens by a grant in which no person takes part: a service's own, or one that an identity provider vouches for. It is used for the first
 * token and for every other one.
 *
 * @example
 * import { byGrant } from '@tessera/mcp'
 * import { clientCredentials } from '@tessera/oauth2'
 *
 * const login = byGrant(({ client, scope }) => clientCredentials({ client, scope }))
 * assert.strictEqual(login.interactive, false)
 */
export const byGrant = (grant: (request: GrantRequest) => Strategy<NodeEnv>): Login => ({
  interactive: false,
  strategy:
    ({ clientFor, ...request }) =>
    (attempt) =>
      pipe(
        clientFor([]),
        RTE.flatMap((client) => grant({ ...request, client })(attempt)),
      ),
})
