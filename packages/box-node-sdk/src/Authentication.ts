/**
 * The SDK's own interface, as far as it is used: structural, so that nothing of the SDK is loaded here, and one package serves
 * its ESM and its CJS build.
 *
 * @packageDocumentation
 */

/** The SDK's `AccessToken`, without the refresh token: whoever redeems that one ends the session of everybody else. */
export interface SdkToken {
  readonly accessToken: string
  /** How many seconds it has left, where that is known. */
  readonly expiresIn?: number
  readonly tokenType: string
  /** Of a downscoped token. */
  readonly issuedTokenType?: string
}

/** The SDK's `Authentication`. No method looks at the network session: the source has a network of its own. */
export interface Authentication {
  /** A token that is valid now. */
  readonly retrieveToken: (networkSession?: unknown) => Promise<SdkToken>
  /** What the SDK calls after a 401: the next token. */
  readonly refreshToken: (networkSession?: unknown) => Promise<SdkToken>
  readonly retrieveAuthorizationHeader: (networkSession?: unknown) => Promise<string>
  /** Ends the session for everybody who shares it. */
  readonly revokeToken: (networkSession?: unknown) => Promise<undefined>
  /** A token that may do less. A resource is a full URL; it, or a shared link, or neither. */
  readonly downscopeToken: (
    scopes: ReadonlyArray<string>,
    resource?: string,
    sharedLink?: string,
    networkSession?: unknown,
  ) => Promise<SdkToken>
}
