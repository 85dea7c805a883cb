/**
 * What the SDKs of MCP take, by its shape: nothing of theirs is imported.
 *
 * @packageDocumentation
 */

/** `AuthProvider` of `@modelcontextprotocol/client`, version 2. */
export interface AuthProvider {
  /** The access token, valid now; undefined where nobody is logged in. */
  readonly token: () => Promise<string | undefined>
  /** After a 401: makes that the next `token` is another one, by a renewal or a login. */
  readonly onUnauthorized: (context: { readonly response: Response }) => Promise<void>
}

/** `OAuthClientProvider` of `@modelcontextprotocol/sdk`, version 1. */
export interface OAuthClientProvider {
  readonly redirectUrl: undefined
  readonly clientMetadata: { readonly redirect_uris: string[] }
  readonly clientInformation: () => { readonly client_id: string }
  readonly tokens: () => Promise<{ readonly access_token: string; readonly token_type: string } | undefined>
  readonly saveTokens: () => void
  readonly redirectToAuthorization: () => void
  readonly saveCodeVerifier: () => void
  readonly codeVerifier: () => string
  readonly prepareTokenRequest: () => Promise<URLSearchParams>
  readonly discoveryState: () => {
    readonly authorizationServerUrl: string
    readonly authorizationServerMetadata: {
      readonly issuer: string
      readonly authorization_endpoint: string
      readonly token_endpoint: string
      readonly response_types_supported: string[]
    }
    readonly resourceMetadata: { readonly resource: string }
  }
}
