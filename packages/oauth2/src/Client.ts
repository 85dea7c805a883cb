/**
 * A client of an authorization server, as a value.
 *
 * @packageDocumentation
 */
import type { Secret } from '@tessera/core'
import type { Option } from 'fp-ts/lib/Option.js'
import type { Signer } from './Signer.js'

/** The endpoints of one authorization server, kept together (RFC 8414 §2). All https, but for loopback literals. */
export interface AuthorizationServer {
  readonly issuer: Option<string>
  readonly tokenEndpoint: string
  readonly authorizationEndpoint: Option<string>
  readonly revocationEndpoint: Option<string>
  readonly deviceAuthorizationEndpoint: Option<string>
  /** Its callbacks carry `iss`, and one without it is refused (RFC 9207 §3). */
  readonly issParameterSupported: boolean
}

/** How a client proves who it is (RFC 6749 §2.3, RFC 7523 §2.2). One method a request. */
export type ClientAuthentication =
  | { readonly _tag: 'None' }
  | { readonly _tag: 'Basic'; readonly secret: Secret<'ClientSecret'> }
  | { readonly _tag: 'Post'; readonly secret: Secret<'ClientSecret'> }
  | { readonly _tag: 'PrivateKeyJwt'; readonly signer: Signer }

/** A registered client. */
export interface Client {
  readonly id: string
  readonly authentication: ClientAuthentication
  readonly server: AuthorizationServer
  /** Sent with every token request that acquires or renews, after the grant's own parameters: Box's device pinning, say. */
  readonly parameters: Readonly<Record<string, string>>
}
