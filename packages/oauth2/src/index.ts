/**
 * The OAuth 2.0 grants and endpoints as pure functions.
 *
 * @packageDocumentation
 */
export type { AuthorizationServer, Client, ClientAuthentication } from './Client.js'
export type { Digest, DigestEnv } from './Digest.js'
export type { Http, HttpEnv, HttpFailure, HttpRequest, HttpResponse } from './Http.js'
export type { Algorithm, Signer } from './Signer.js'
