/**
 * A token source as the authentication of Box's SDK for Node.js.
 *
 * @packageDocumentation
 */
export type { Authentication, SdkToken } from './Authentication.js'
export { type BoxAuthenticationOptions, boxAuthentication, type ExchangeEnv, type Source } from './boxAuthentication.js'
