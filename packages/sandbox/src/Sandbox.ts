/**
 * The sandbox as its users see it.
 */
import type { Consent } from './Browser.js'
import type { Client, ClientInput, ConfidentialClient } from './Client.js'
import type { Clock } from './Clock.js'
import type { DpopOptions } from './Dpop.js'
import type { Faults } from './Faults.js'
import type { Gate, GateOptions } from './Gates.js'
import type { Endpoint, RequestRecord } from './Journal.js'
import type { BoxSettings } from './Settings.js'
import type { Dialect, Endpoints, File, Folder, Lifetimes, Rotation, User } from './World.js'

/** Everything may be left out. */
export interface SandboxOptions {
  /** The port on 127.0.0.1; 0, a free one, unless given. */
  readonly port?: number
  /** What the server speaks; `'box'` unless given. */
  readonly dialect?: Dialect
  /** What becomes of a redeemed refresh token; `'grace-until-use'`, as on Box, unless given. */
  readonly rotation?: Rotation
  /** Lifetimes in seconds: access 3600, refresh 60 days, code 30, device 600, polling interval 5. */
  readonly ttl?: Partial<Lifetimes>
  /** The base of the server's clock, in milliseconds since the epoch; `Date.now` unless given. */
  readonly now?: () => number
  /** `iss` in callbacks (RFC 9207): the issuer if `true` (the default), none if `false`, a lie if a text. */
  readonly callbackIssuer?: boolean | string
  /**
   * Names under which requests are taken, besides those of the loopback interface: `box.test`, `api.box.com`. A request to any other is
   * refused, since a page on the web can make a name of its own lead to this server (DNS rebinding).
   */
  readonly allowedHosts?: ReadonlyArray<string>
  /**
   * What `settings()` of an earlier sandbox gave: the same client, with the same secret and key, over restarts. Its `enterpriseID`
   * is the enterprise.
   */
  readonly settings?: BoxSettings
  /**
   * Binds every token that is issued by a request to a key (RFC 9449): the token endpoint asks for proofs, and with `nonceUses` for nonces
   * of the server's. Tokens that `issue` gives are bearer tokens. Without it, proofs are not looked at.
   */
  readonly dpop?: DpopOptions
  /** Overrides parts of the confidential client. */
  readonly client?: Omit<ClientInput, 'secret'> & { readonly secret?: string }
  /** Overrides parts of the public client. */
  readonly publicClient?: Omit<ClientInput, 'secret'>
  /** Further people, whom a consent page lists after the others. */
  readonly users?: ReadonlyArray<User>
  /** The RSA private key (PEM, not encrypted) behind `settings()`; otherwise that of `settings`, or one that is made when first needed. */
  readonly key?: string
}

/** How often one refresh token was presented by its own client, and how often it was answered with tokens. */
export interface Redemptions {
  readonly session: string
  /** 1 for the token of a login, +1 at each rotation. */
  readonly generation: number
  readonly attempts: number
  readonly honoured: number
}

/** What a sandbox has counted since it began, or since the counts were reset. */
export interface Counts {
  readonly byEndpoint: Readonly<Record<Endpoint, number>>
  /** Requests to the token endpoint; a `grant_type` that is not known counts as `unknown`. */
  readonly byGrantType: Readonly<Record<string, number>>
  readonly accessTokensIssued: number
  readonly refreshTokensIssued: number
  /** Live tokens that a revocation or a detected reuse killed. */
  readonly tokensRevoked: number
  /** Refresh tokens exchanged for new tokens. */
  readonly redeemed: number
  /** Redemptions answered with the same pair again, in grace. */
  readonly repeated: number
  /** Redemptions of a spent refresh token out of grace. */
  readonly reuseRefused: number
  /** `repeated` + `reuseRefused`. */
  readonly doubleRedemptions: number
  /** Sessions killed by a detected reuse, of a refresh token or of a code. */
  readonly familiesKilled: number
  readonly redemptions: ReadonlyArray<Redemptions>
  /** Requests that met a fault. */
  readonly faults: number
  /** Bugs of the sandbox; always 0, one hopes. */
  readonly internalErrors: number
}

/** Tokens that were issued without a request. */
export interface IssuedTokens {
  readonly accessToken: string
  readonly refreshToken: string
  /** In seconds. */
  readonly expiresIn: number
}

/** A running sandbox. */
export interface Sandbox {
  /** `http://127.0.0.1:<port>`, also the issuer. */
  readonly url: string
  readonly endpoints: Endpoints
  /** A confidential client that may use every grant. */
  readonly client: ConfidentialClient
  /** A public client: code with PKCE, refresh, device. */
  readonly publicClient: Client
  readonly enterprise: string
  /** The service account, as whom tokens of the enterprise act; then an app user (7001) and a managed user (7002). */
  readonly users: ReadonlyArray<User>
  /** 123, and 456 in folder 789; without those that were deleted. */
  readonly files: ReadonlyArray<File>
  /** The root, 0, and 789 in it. */
  readonly folders: ReadonlyArray<Folder>
  readonly registerClient: (input: ClientInput) => Client

  /** The server's clock; see {@link Clock}. */
  readonly clock: Clock
  /** Faults on demand; see {@link Faults}. */
  readonly faults: Faults
  /** Holds requests until they are let go; see {@link Gate}. */
  readonly gate: (endpoint: Endpoint, options?: GateOptions) => Gate
  /**
   * Changes what a redeemed refresh token is good for:
   * - `'grace-until-use'`: the same pair again, until the new access token was used at the API or the new refresh token redeemed
   * - `{ graceFor }`: the same pair again, for so many milliseconds of the server's clock
   * - `'strict'`: refused, and the reuse kills the family
   * - `'strict-without-kill'`: refused
   * - `'none'`: refresh tokens are not rotated; answers to a refresh carry none (RFC 6749 §6)
   */
  readonly setRotation: (rotation: Rotation) => void

  /**
   * Opens an authorization URL as a person would, answers, and returns the callback URL without opening it. Rejects if the
   * server shows an error page.
   */
  readonly grant: (authorizationUrl: string, consent?: Consent) => Promise<string>
  /** Answers the device that shows `userCode`. Rejects if the code is unknown, expired or used. */
  readonly approveDevice: (userCode: string, consent?: Consent) => Promise<void>
  /** Issues a pair (of the confidential client and the app user, unless said otherwise) without a request. */
  readonly issue: (input?: {
    readonly client?: Client
    readonly user?: string
    readonly scope?: ReadonlyArray<string>
  }) => IssuedTokens
  /** A developer token of the confidential client, as the developer console shows it: an access token, nothing else. */
  readonly developerToken: () => string

  /** The settings file of the confidential client. The first call makes an RSA key unless one was given. */
  readonly settings: (options?: { readonly passphrase?: string }) => Promise<BoxSettings>
  /** Writes the settings to a file, mode 0600. */
  readonly writeSettings: (path: string, options?: { readonly passphrase?: string }) => Promise<void>

  readonly counts: () => Counts
  /** The last 1000 requests, oldest first, without any value of a parameter or header. */
  readonly requests: () => ReadonlyArray<RequestRecord>
  /** How one refresh token was redeemed; `undefined` for a token that this server never issued. */
  readonly redemptionsOf: (refreshToken: string) => Redemptions | undefined
  /** Would the server honour this access or refresh token now? Asking changes nothing. */
  readonly isActive: (token: string) => boolean
  readonly expireAccessTokens: () => void
  /** Revokes every session, as an administrator would. */
  readonly revokeAll: () => void
  /** Stops listening and ends every connection, also hung ones. May be called again. */
  readonly close: () => Promise<void>
}
