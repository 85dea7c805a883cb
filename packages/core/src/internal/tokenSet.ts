import type * as O from 'fp-ts/lib/Option.js'
import type { Secret } from '../Secret.js'
import type { Instant } from '../Time.js'

/** An access token and what came with it. Times are absolute, never `expires_in`. */
export interface TokenSet {
  readonly accessToken: Secret<'AccessToken'>
  readonly refreshToken: O.Option<Secret<'RefreshToken'>>
  /** When it was issued, by the clock of the process that acquired it. */
  readonly issuedAt: O.Option<Instant>
  /** None where the server did not say: it is used until it is refused. */
  readonly expiresAt: O.Option<Instant>
  /** The scopes granted (RFC 6749 §3.3); empty where the server did not say. */
  readonly scope: ReadonlyArray<string>
  /** As the server wrote it: `bearer`, say. Compare without case. */
  readonly tokenType: string
  /** Box's `restricted_to`, as JSON values. */
  readonly restrictedTo: ReadonlyArray<unknown>
  /** RFC 8693 §2.2.1. */
  readonly issuedTokenType: O.Option<string>
  /** Whom it stands for, where the strategy chose that: kept through renewals, so that every process renews for the same. */
  readonly subject: O.Option<string>
  /**
   * The thumbprint of the key that it was asked for with (RFC 9449 §6.1), where there was one. An access token of type `DPoP` works with
   * that key only, and so does the refresh token of a public client.
   */
  readonly jkt: O.Option<string>
  /** Members unknown to this version (`id_token`, …), as the JSON text of each. */
  readonly members: ReadonlyMap<string, Secret<'Member'>>
}

/** What the codec writes: plain JSON values with the secrets opened, for a store's record only. */
export type Output = { readonly v: 1; readonly access_token: string; readonly [member: string]: unknown }
