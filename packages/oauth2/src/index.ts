/**
 * The OAuth 2.0 grants and endpoints as pure functions.
 *
 * @packageDocumentation
 */
import * as AuthorizationServerModule from './AuthorizationServer.js'
import * as ClientModule from './Client.js'
import * as ClientAuthenticationModule from './ClientAuthentication.js'
import * as ProviderModule from './Provider.js'
import * as SubjectTokenModule from './SubjectToken.js'

/** Functions of authorization servers: `make`, `is`, and `mutualTls` for the endpoints with client certificates (RFC 8705 §5). */
export const AuthorizationServer = AuthorizationServerModule
/** An authorization server: its endpoints, and what it says it can do (RFC 8414). */
export type AuthorizationServer = AuthorizationServerModule.AuthorizationServer
export type { EndpointName, MtlsEndpointAliases, Options as AuthorizationServerOptions } from './AuthorizationServer.js'
export {
  type AuthorizationCodeOptions,
  authorizationCode,
  authorizationCodeGrant,
  type Code,
} from './authorizationCode.js'
export {
  type AuthorizationParametersOptions,
  type AuthorizationRequestOptions,
  authorizationParameters,
  authorizationRequest,
  type Transaction,
} from './authorizationRequest.js'
export { base64url } from './base64url.js'
/** Functions of clients: `make` and `is`. */
export const Client = ClientModule
/** An application as its authorization server knows it: id, secret or key, and the server's endpoints. */
export type Client = ClientModule.Client
export type { Options as ClientOptions } from './Client.js'
/** The ways in which a client proves who it is (RFC 6749 §2.3, RFC 7523, RFC 8705). */
export const ClientAuthentication = ClientAuthenticationModule
/** How a client proves who it is to the token endpoint. */
export type ClientAuthentication = ClientAuthenticationModule.ClientAuthentication
export { type Callback, callback, callbackResponse } from './callback.js'
export { type Challenge, challenge } from './challenge.js'
export { type ClientCredentialsOptions, clientCredentials, clientCredentialsGrant } from './clientCredentials.js'
export { type ClientIdDocumentOptions, clientIdDocument, clientIdUrl } from './clientIdDocument.js'
export { type ClientMetadata, clientMetadata } from './clientMetadata.js'
export type { Digest, DigestEnv } from './Digest.js'
export { type Dpop, type DpopKey, type DpopOptions, dpop, type Proof, type Proved } from './Dpop.js'
export {
  type DeviceAuthorization,
  type DeviceAuthorizationOptions,
  deviceAuthorization,
  deviceAuthorizationParameters,
  deviceAuthorizationResponse,
} from './deviceAuthorization.js'
export { type DeviceCodeOptions, deviceCode, deviceCodeGrant, nextPoll } from './deviceCode.js'
export { type DiscoveryOptions, discovery, type MetadataOptions, metadataResponse, metadataUrls } from './discovery.js'
export { type DpopClaims, type DpopClaimsOptions, dpopClaims } from './dpopClaims.js'
export { type ExtensionGrantOptions, extensionGrant, type GrantParameters } from './extensionGrant.js'
export { type Fapi2ClientOptions, fapi2Client } from './fapi2Client.js'
export type { Grant, Parameter } from './Grant.js'
export type { Http, HttpEnv, HttpFailure, HttpRequest, HttpResponse } from './Http.js'
export {
  type Claims,
  type IdTokenClaimsOptions,
  idTokenClaims,
  idTokenOf,
  type ProviderClaims,
  type ProviderClaimsOptions,
  providerClaims,
} from './idTokenClaims.js'
export { isDpopToken } from './internal/dpopToken.js'
export { type Endpoint, endpoint } from './internal/endpoint.js'
export { decodeValue } from './internal/json.js'
export { isLoopback } from './internal/secureUrl.js'
export {
  type ActiveToken,
  type Introspection,
  type IntrospectionOptions,
  type IntrospectionParameters,
  introspection,
  introspectionParameters,
  introspectionResponse,
} from './introspection.js'
export { type JsonDocumentOptions, jsonDocument } from './jsonDocument.js'
export { type JwtAssertionOptions, jwtAssertion, jwtAssertionGrant, type Subject } from './jwtAssertion.js'
export { codeChallenge, codeVerifier } from './pkce.js'
export {
  type ProtectedResource,
  type ProtectedResourceOptions,
  type ProtectedResourceUrls,
  protectedResource,
  protectedResourceResponse,
  protectedResourceUrls,
} from './protectedResource.js'
/** Providers: `rfc`, which keeps to the RFCs. Presets of real ones are in `@tessera/providers`. */
export const Provider = ProviderModule
/** A provider as data: its endpoints, and where it departs from the RFCs. */
export type Provider = ProviderModule.Provider
export type { GrantError, PersonMembers, RevocationRequest } from './Provider.js'
export {
  beginLogin,
  type PushedAuthorization,
  type PushedAuthorizationRequestOptions,
  pushedAuthorizationRequest,
  pushedAuthorizationResponse,
} from './pushedAuthorizationRequest.js'
export { type RefreshTokenOptions, refreshToken, refreshTokenGrant } from './refreshToken.js'
export { type RegisteredClientOptions, registeredClient } from './registeredClient.js'
export {
  type ClientOfOptions,
  clientOf,
  deleteRegistration,
  type RegisteredClient,
  type RegistrationManagementOptions,
  type RegistrationOptions,
  readRegistration,
  registration,
  registrationResponse,
} from './registration.js'
export { type RevocationOptions, revocation, revocationParameters } from './revocation.js'
export type { Algorithm, MacAlgorithm, MacSigner, PrivateKey, Signer, SignerEnv } from './Signer.js'
/** Reads subject tokens: of a session (`ofTokens`), by a strategy (`ofStrategy`), from an address (`ofEndpoint`). */
export const SubjectToken = SubjectTokenModule
/** A token that a token exchange (RFC 8693) starts from, with its type. */
export type SubjectToken = SubjectTokenModule.SubjectToken
export type { OfEndpointOptions, OfTokensOptions } from './SubjectToken.js'
export {
  type OpenTransactionOptions,
  openTransaction,
  type SealTransactionOptions,
  sealTransaction,
} from './sealedTransaction.js'
export { type SecureOriginsOptions, secureOrigins } from './secureOrigins.js'
export { type RequestContext, refusal, retryAfter, serverAnswer } from './serverAnswer.js'
export { type SubjectAssertionOptions, subjectAssertion } from './subjectAssertion.js'
export { type SubjectExchangeOptions, subjectExchange } from './subjectExchange.js'
export type { TokenEnv } from './TokenEnv.js'
export { type PublicJwk, thumbprint } from './thumbprint.js'
export {
  type ExchangeTarget,
  type TokenExchangeOptions,
  type TokenExchangeParameters,
  tokenExchange,
  tokenExchangeGrant,
} from './tokenExchange.js'
export { type ClientOrServer, type TokenRequestOptions, tokenRequest } from './tokenRequest.js'
export { type TokenResponseDecoder, type TokenResponseOptions, tokenResponse } from './tokenResponse.js'
export { type Person, type UserinfoOptions, userinfo } from './userinfo.js'
