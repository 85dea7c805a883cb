/**
 * A grant as data: the pure half of a token request.
 *
 * @packageDocumentation
 */
import type { Secret } from '@tessera/core'

/** A form parameter. A value that must not be seen is a Secret. */
export type Parameter = readonly [name: string, value: string | Secret]

/** What is sent to a token endpoint, but for the client's own parameters. */
export interface Grant {
  /** `grant_type`, sent first. */
  readonly type: string
  /** Sent before the client's authentication. */
  readonly parameters: ReadonlyArray<Parameter>
  /** Sent after it. */
  readonly further: ReadonlyArray<Parameter>
  /**
   * The grant consumes nothing: when the outcome is unknown, it can be sent again. What is not repeatable has an unknown outcome
   * after a 503 without `Retry-After`, too.
   */
  readonly repeatable: boolean
  /**
   * Each request needs parameters of its own: an assertion that works once, say. Where the server wants a nonce in the proof of
   * possession, the request is not sent again then, and the error says so: whoever made the grant makes another. Default: false.
   */
  readonly signedAnew?: boolean | undefined
}
