/**
 * What sources tell, as lines of a log: for pino, the console, and loggers of their shape.
 *
 * @packageDocumentation
 */
import { AuthError, type Key, type SourceEvent } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import { keyHash } from './internal/keyHash.js'

/** `Logger` of pino, or `console`. */
export interface Logger {
  readonly debug: (fields: object, message: string) => void
  readonly info: (fields: object, message: string) => void
  readonly warn: (fields: object, message: string) => void
  readonly error: (fields: object, message: string) => void
}

/** What {@link logged} may be told. */
export interface LoggedOptions {
  /** How a session is named, whose key may name a person. Default: the first 16 digits of its SHA-256. */
  readonly hash?: ((key: Key) => string) | undefined
}

const levels: Readonly<Record<SourceEvent['_tag'], keyof Logger>> = {
  Waiting: 'debug',
  Renewing: 'debug',
  Renewed: 'info',
  LoggedIn: 'info',
  Revoked: 'info',
  Closed: 'info',
  Refused: 'warn',
  Discarded: 'warn',
  Restored: 'warn',
  Pending: 'warn',
  RenewalFailed: 'warn',
  LoginRequired: 'error',
}

/**
 * An observer that writes a line for each event. No field has a secret in it; an error is what `AuthError.show` says.
 *
 * @example
 * import { logged } from '@tessera/adapters/logging'
 * import { memoryStore, remoteCallback, TokenSource } from '@tessera/core'
 *
 * const make = TokenSource.make({ store: memoryStore(), observe: logged(console) })
 * assert.strictEqual(typeof make(remoteCallback(() => 'abc')), 'function')
 */
export const logged =
  (logger: Logger, { hash = keyHash }: LoggedOptions = {}) =>
  (event: SourceEvent): void => {
    const { _tag, key, ...rest } = event
    const fields = {
      session: hash(key),
      ...rest,
      ...('error' in rest && { error: AuthError.show.show(rest.error) }),
      ...('expiresAt' in rest && { expiresAt: O.toNullable(rest.expiresAt) }),
    }
    logger[levels[_tag]](fields, `tessera: ${_tag}`)
  }
