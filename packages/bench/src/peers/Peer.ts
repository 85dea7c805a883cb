/**
 * Another library, used as its own documentation says. It takes part in the rows whose work it does.
 */
import type { Endpoints } from '../server/TokenServer.js'

/** Does the work of a row once. */
export type Ask = () => Promise<unknown>

/** A private key, and the client that it is of. */
export interface SigningKey {
  /** PKCS #8, encrypted. */
  readonly encrypted: string
  readonly passphrase: string
  /** PKCS #8, for those who do not take an encrypted one. */
  readonly plain: string
}

export interface Peer {
  readonly name: string
  /** Its version, pinned. */
  readonly package: string
  /** Row A: asks for a token that is valid and in memory. */
  readonly cached?: (session: Endpoints) => Promise<Ask>
  /** Rows B: asks for a token where the one in memory has expired, and the refresh token is the session's first. */
  readonly expired?: (session: Endpoints) => Promise<Ask>
  /** It asks with a request a caller, so that row B1 takes it seconds. */
  readonly isCrowd?: boolean
  /** Its `expired` asks anew, without a refresh token: it is not in row B2. */
  readonly doesNotRotate?: boolean
  /** Rows C: an assertion signed by RS256, without a network. */
  readonly signing?: (key: SigningKey) => Promise<Ask>
  /** Rows D: a token by client credentials, over the wire. */
  readonly renewing?: (session: Endpoints) => Promise<Ask>
}
