/**
 * What the server knows of proofs of possession (RFC 9449).
 */
import { randomToken } from './Random.js'

/** How the server asks for proofs. */
export interface DpopOptions {
  /**
   * After how many requests there is another nonce; the one before is good as long as the next. No nonce is asked for unless given.
   */
  readonly nonceUses?: number
}

/** What the server knows of proofs and keys. */
export interface Dpop {
  readonly nonceUses: number | null
  nonce: string
  /** The one before, which requests that are under way may have. */
  previous: string | null
  /** How many requests there are before the next. */
  left: number
  /** Each `jti` that was seen, with its `iat`. */
  readonly seen: Map<string, number>
  /** Access tokens, with the thumbprints of their keys. */
  readonly tokens: Map<string, string>
  /** Sessions of public clients, whose refresh tokens are bound, too (§5). */
  readonly sessions: Map<string, string>
}

export const makeDpop = ({ nonceUses }: DpopOptions): Dpop => ({
  nonceUses: nonceUses ?? null,
  nonce: randomToken('nonce'),
  previous: null,
  left: nonceUses ?? 0,
  seen: new Map(),
  tokens: new Map(),
  sessions: new Map(),
})

/** Signature algorithms that are accepted. */
export const dpopAlgorithms: ReadonlyArray<string> = ['ES256', 'EdDSA']
