/**
 * How Box speaks OAuth 2.0.
 *
 * @packageDocumentation
 */
import { Provider } from '@tessera/oauth2'

/**
 * As the RFCs have it, but for the hint of a revocation: Box ends a pair by either of its tokens and needs none.
 *
 * Source: Box's API reference, `POST /oauth2/revoke`, which takes `client_id`, `client_secret` and `token`.
 *
 * @example
 * import * as Box from '@tessera/box'
 *
 * assert.strictEqual(Box.server().provider, Box.provider)
 */
export const provider: Provider = {
  ...Provider.rfc,
  revocation: { ...Provider.rfc.revocation, hint: false, ends: 'grant' },
}
