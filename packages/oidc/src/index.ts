/**
 * OpenID Connect: ID tokens, userinfo and logout, validated.
 *
 * @packageDocumentation
 */
export { type ClientSecretKeysOptions, clientSecretKeys } from './clientSecretKeys.js'
export { type IdTokenOptions, type IdTokenValidation, idToken, type ValidationEnv } from './idToken.js'
export { type JwksOptions, jwks } from './jwks.js'
export type { Keys, Signature, SigningAlgorithm } from './Keys.js'
export { type EndedLogouts, type LogoutToken, type LogoutTokenOptions, logoutToken } from './logoutToken.js'
export { type LogoutUrlOptions, logoutUrl } from './logoutUrl.js'
export { type UserinfoClaims, type UserinfoClaimsOptions, userinfoClaims } from './userinfoClaims.js'
export { type LoggedIn, type ValidatedOptions, validated } from './validated.js'
