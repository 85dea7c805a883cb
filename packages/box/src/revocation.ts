/**
 * Ending a session at Box.
 *
 * @packageDocumentation
 */
import type { Revoker } from '@tessera/core'
import { type Client, revocation as oauth2Revocation, type TokenEnv } from '@tessera/oauth2'

/**
 * Revokes the access token, and the refresh token with it: Box ends the pair by either. Box answers 200 with an empty body.
 *
 * Source: Box's guide “Revoke a Token”; RFC 7009.
 *
 * @example
 * import * as Box from '@tessera/box'
 *
 * assert.strictEqual(typeof Box.revocation(Box.client({ id: 'app', secret: 's3cret' })), 'function')
 */
export const revocation = (client: Client): Revoker<TokenEnv> => oauth2Revocation(client, { token: 'access' })
