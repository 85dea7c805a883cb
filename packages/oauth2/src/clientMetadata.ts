/**
 * What a client says of itself (RFC 7591 §2).
 *
 * @packageDocumentation
 */
import * as O from 'fp-ts/lib/Option.js'
import { isLoopback, parseUrl } from './internal/secureUrl.js'

/** A client, as it wants to be known. What is left out is not sent. */
export interface ClientMetadata {
  /** Where logins come back to. */
  readonly redirectUris?: ReadonlyArray<string> | undefined
  /** What people are shown when they are asked for their consent. */
  readonly name?: string | undefined
  /** A page about it. */
  readonly uri?: string | undefined
  /** What it may ask for at most. */
  readonly scope?: ReadonlyArray<string> | undefined
  /** Default: `authorization_code` and `refresh_token`. */
  readonly grantTypes?: ReadonlyArray<string> | undefined
  /** How it authenticates at the token endpoint: `none`, `client_secret_basic`, `private_key_jwt` and others. Default: `none`. */
  readonly authenticationMethod?: string | undefined
  /**
   * Whether it runs on the machine of its user (OpenID Connect Dynamic Client Registration §2). Default: `native` where logins come back to
   * http on this machine, or to a scheme of the program's own, and `web` otherwise.
   */
  readonly applicationType?: 'native' | 'web' | undefined
  /** Further members by their registered names: `jwks`, `software_id`, `logo_uri` say. They count before the ones above. */
  readonly further?: Readonly<Record<string, unknown>> | undefined
}

const isNative = (redirectUri: string): boolean =>
  O.exists((url: URL) => (url.protocol === 'http:' ? isLoopback(url) : url.protocol !== 'https:'))(
    parseUrl(redirectUri),
  )

/**
 * The metadata as JSON has it.
 *
 * @example
 * import { clientMetadata } from '@tessera/oauth2'
 *
 * const metadata = clientMetadata({ name: 'Invoices', redirectUris: ['http://127.0.0.1/callback'] })
 * assert.strictEqual(metadata['application_type'], 'native')
 * assert.strictEqual(metadata['token_endpoint_auth_method'], 'none')
 */
export const clientMetadata = ({
  redirectUris = [],
  name,
  uri,
  scope = [],
  grantTypes = ['authorization_code', 'refresh_token'],
  authenticationMethod = 'none',
  applicationType = redirectUris.some(isNative) ? 'native' : 'web',
  further = {},
}: ClientMetadata): Readonly<Record<string, unknown>> => ({
  ...(redirectUris.length > 0 && { redirect_uris: redirectUris }),
  ...(name !== undefined && { client_name: name }),
  ...(uri !== undefined && { client_uri: uri }),
  ...(scope.length > 0 && { scope: scope.join(' ') }),
  grant_types: grantTypes,
  response_types: grantTypes.includes('authorization_code') ? ['code'] : [],
  token_endpoint_auth_method: authenticationMethod,
  application_type: applicationType,
  ...further,
})
