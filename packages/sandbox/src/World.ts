/**
 * All that the server knows. One value per server, made in `startSandbox`; the endpoints read it and write to it.
 */
import type { Registration } from './Client.js'
import type { Clock } from './Clock.js'
import type { Dpop } from './Dpop.js'
import type { IdentityKey } from './IdentityKey.js'
import type { Journal } from './Journal.js'

/**
 * What the server speaks: Box's wire, or plain OAuth 2.0 with OpenID Connect's ID tokens, where client credentials need no subject.
 */
export type Dialect = 'box' | 'generic'

/** When a refresh token stops working after it was redeemed; see {@link Sandbox.setRotation}. */
export type Rotation = 'grace-until-use' | 'strict' | 'strict-without-kill' | 'none' | { readonly graceFor: number }

/** A person, or a service account, that the sandbox knows. */
export interface User {
  readonly id: string
  readonly name: string
  readonly login: string
  readonly kind: 'service account' | 'app user' | 'managed user'
}

/** A file. `folders` are those that contain it, from the root down; `sharedLink` is its address for `box_shared_link`. */
export interface File {
  readonly id: string
  readonly name: string
  readonly folders: ReadonlyArray<string>
  readonly sharedLink: string | null
  /** What a download gives. */
  readonly content: string
}

/** A folder. `folders` are those that contain it, from the root down; the root, with the id 0, has none. */
export interface Folder {
  readonly id: string
  readonly name: string
  readonly folders: ReadonlyArray<string>
}

/** An address from which the content of a file can be fetched without a token, for a while. */
export interface Download {
  readonly file: File
  readonly expiresAt: number
}

/** The one item that a downscoped token is limited to. */
export interface Resource {
  readonly type: 'file' | 'folder'
  readonly id: string
}

/**
 * What belongs to one act of authorization: all tokens that descend from it, which die together. A token got by exchange
 * has a session of its own whose `parent` is that of its subject token.
 */
export interface Session {
  readonly id: string
  readonly clientId: string
  readonly userId: string
  readonly scope: ReadonlyArray<string>
  readonly parent: Session | null
  alive: boolean
}

export interface AccessToken {
  readonly value: string
  readonly session: Session
  readonly scope: ReadonlyArray<string>
  readonly resource: Resource | null
  expiresAt: number
  /** Has the API seen it? Ends the grace of the refresh token that it came from. */
  used: boolean
}

export interface RefreshToken {
  readonly value: string
  readonly session: Session
  readonly generation: number
  readonly expiresAt: number
  /** What it was exchanged for, once it was. */
  successor: { readonly pair: Pair; readonly at: number } | null
  /** How often it was presented by its own client. */
  attempts: number
  /** How often that was answered with tokens. */
  honoured: number
}

export interface Pair {
  readonly access: AccessToken
  readonly refresh: RefreshToken | null
}

export interface Code {
  readonly value: string
  readonly clientId: string
  readonly userId: string
  readonly scope: ReadonlyArray<string>
  readonly redirectUri: string
  readonly challenge: string | null
  readonly nonce: string | null
  readonly expiresAt: number
  /** The session that it was exchanged for, once it was. */
  session: Session | null
}

export interface Device {
  readonly deviceCode: string
  readonly userCode: string
  readonly clientId: string
  readonly scope: ReadonlyArray<string>
  readonly expiresAt: number
  interval: number
  polledAt: number | null
  state: { readonly tag: 'pending' | 'denied' | 'spent' } | { readonly tag: 'approved'; readonly userId: string }
}

/** A consent page that was shown and awaits its answer; the id of the ticket is what protects the form from forgery. */
export type Ticket =
  | {
      readonly tag: 'authorize'
      readonly expiresAt: number
      readonly clientId: string
      readonly redirectUri: string
      readonly state: string | null
      readonly scope: ReadonlyArray<string>
      readonly challenge: string | null
      readonly nonce: string | null
    }
  | { readonly tag: 'device'; readonly expiresAt: number; readonly device: Device }

/** The addresses of the sandbox. */
export interface Endpoints {
  /** The issuer identifier, and the base of all the others. */
  readonly issuer: string
  readonly authorize: string
  readonly token: string
  readonly revoke: string
  readonly deviceAuthorization: string
  readonly activate: string
  /** The base of the protected API, `…/2.0`. */
  readonly api: string
  /** RFC 8414 metadata. */
  readonly metadata: string
}

/** Lifetimes in seconds, as in `expires_in`. */
export interface Lifetimes {
  readonly access: number
  readonly refresh: number
  readonly code: number
  readonly device: number
  /** The polling interval of the device flow (RFC 8628 §3.2). */
  readonly interval: number
}

export interface World {
  readonly dialect: Dialect
  readonly identityKey: IdentityKey
  readonly clock: Clock
  readonly journal: Journal
  readonly endpoints: Endpoints
  /** Names under which requests are taken, besides those of the loopback interface; in lower case, without a port. */
  readonly hosts: ReadonlySet<string>
  readonly lifetimes: Lifetimes
  readonly enterprise: string
  readonly serviceAccount: string
  /** What `iss` of a callback says; `null` leaves it out (RFC 9207). */
  readonly callbackIssuer: string | null
  readonly clients: Map<string, Registration>
  readonly users: ReadonlyMap<string, User>
  readonly files: Map<string, File>
  readonly folders: ReadonlyMap<string, Folder>
  readonly downloads: Map<string, Download>
  readonly codes: Map<string, Code>
  readonly devices: Map<string, Device>
  readonly tickets: Map<string, Ticket>
  readonly access: Map<string, AccessToken>
  readonly refresh: Map<string, RefreshToken>
  /** `client:jti` of assertions that were accepted, with their expiry in milliseconds. */
  readonly assertions: Map<string, number>
  /** Proofs of possession; `null` where tokens are bearer tokens. */
  readonly dpop: Dpop | null
  rotation: Rotation
}
