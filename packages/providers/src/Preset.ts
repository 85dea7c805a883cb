/**
 * A provider as data: all that is known of it, and where that is said.
 *
 * @packageDocumentation
 */
import type { Duration } from '@tessera/core'
import type { Provider } from '@tessera/oauth2'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** What differs from one customer of a provider to the next: a tenant, a domain. */
export interface Variable {
  /** For people who are asked for it. */
  readonly description: string
  /** What a value must be, as a whole. */
  readonly pattern: RegExp
  readonly example: string
  /** What it is where none is given. */
  readonly default?: string
}

/**
 * Where a provider is. `{tenant}` stands for the variable of that name, and `{client_id}` for the client's id; an endpoint that names
 * the client is there only where the client is known.
 */
export interface Endpoints {
  readonly token: string
  readonly authorization: string
  /** Where a refresh token is redeemed, if not at the token endpoint. */
  readonly refresh?: string | undefined
  readonly deviceAuthorization?: string | undefined
  readonly revocation?: string | undefined
  readonly userinfo?: string | undefined
  /** As ID tokens and callbacks have it. */
  readonly issuer?: string | undefined
}

/** A way to a token, by the name of its `grant_type`; device code in short. */
export type GrantType = 'authorization_code' | 'refresh_token' | 'client_credentials' | 'device_code'

/** What becomes of a refresh token. */
export interface RefreshTokens {
  /**
   * What a refresh answers. `none`: no other refresh token. `rotated`: another one. `reusable`: another one, and the old one stays
   * alive. `single use`: another one, and the old one dies. `either`: with or without another one, by a setting or the kind of client.
   */
  readonly rotation: 'none' | 'rotated' | 'reusable' | 'single use' | 'either' | 'not documented'
  /** How long the old one works beside the new one, in ms. */
  readonly grace?: Duration
  /** After how long without use it ends, in ms. */
  readonly idle?: Duration
  /** After how long it ends however it is used, in ms. */
  readonly lifetime?: Duration
}

/** What a source is about. */
export type Topic =
  | 'endpoints'
  | 'grants'
  | 'authentication'
  | 'pkce'
  | 'iss'
  | 'scopes'
  | 'requests'
  | 'offline'
  | 'answers'
  | 'errors'
  | 'refresh tokens'
  | 'revocation'
  | 'person'

/** Where something is said. */
export interface Source {
  readonly about: ReadonlyArray<Topic>
  readonly title: string
  readonly url: string
  /** The day it was read, as `2026-11-29`. */
  readonly seen: string
  /** It is no page of the provider's, but what others have met: a log, an issue. */
  readonly reported?: true
}

/** A provider. */
export interface Preset {
  /** Unique among presets; also for the command. */
  readonly name: string
  readonly title: string
  readonly variables: Readonly<Record<string, Variable>>
  readonly endpoints: Endpoints
  /** How it speaks. */
  readonly provider: Provider
  readonly grants: ReadonlyArray<GrantType>
  /** How a client with a secret sends it, as the provider documents it (RFC 7591 §2). */
  readonly authentication: 'client_secret_basic' | 'client_secret_post'
  readonly pkce: 'required' | 'supported' | 'not documented'
  /** Its callbacks carry `iss`, always (RFC 9207). */
  readonly iss: boolean
  /** None where the provider has none. */
  readonly refreshTokens?: RefreshTokens
  /** What a program has to know, and no data says. */
  readonly notes: ReadonlyArray<string>
  readonly sources: ReadonlyArray<Source>
}
