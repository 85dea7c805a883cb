import type * as O from 'fp-ts/lib/Option.js'
import type { ServerAnswer } from './requestErrors.js'

/**
 * A token store failed.
 *
 * @remarks
 * Causes:
 *
 * - The database, Redis or the folder is not reachable, is full, or refuses the user.
 * - `decode`: the record is damaged, is encrypted with a key that is not there, or is of a later version. It is kept as it
 *   is.
 * - A file or folder has modes that let others in; the message has the command that mends it.
 * - A callback of yours threw; `AuthError.thrown(error)` has what it threw.
 *
 * What to do:
 *
 * - Mend the store and call again.
 * - With `pending` true a new token is in the memory of this process only. It is offered to the store once a second for an
 *   hour, and by the next call before anything else. Keep the process alive until the store has it: these tries do not.
 * - Mend the store before the lease ends (`timeout` and 5 s, 20 s by default). After that another process may redeem the old
 *   refresh token again, which a provider that rotates strictly takes for a theft.
 * - After a change of the encryption key: keep the old key as a second, read-only one.
 * - A record that nobody can read any more: `tessera store delete KEY`, and log in again.
 */
export interface StoreFailed {
  readonly _tag: 'StoreFailed'
  readonly operation: 'get' | 'compareAndSet' | 'decode'
  readonly reason: string
  /** A token was acquired and is held in memory: the next call commits it and does not redeem again. */
  readonly pending: boolean
}

/**
 * The source is closed.
 *
 * @remarks
 * Causes:
 *
 * - `close()` was called on the source, the connection or the environment, and somebody still asks for a token.
 *
 * What to do:
 *
 * - Close it last: stop taking requests first, then wait for those under way, then close.
 * - Open one source for the life of the process, not one for each request.
 */
export interface Closed {
  readonly _tag: 'Closed'
}

/**
 * Only a person, or a new grant, can go on: log in.
 *
 * @remarks
 * Causes:
 *
 * - `refresh token rejected`: the provider said `invalid_grant`. The refresh token has expired, the person has withdrawn
 *   the consent or changed the password, or another program has used the token.
 * - The same, after an answer was lost (a crash, a broken connection) at a provider that takes a refresh token once and has
 *   no grace.
 * - The same, after a backup of the store was restored: its refresh tokens have been used since.
 * - `revoked`: somebody logged out, with `revoke`.
 * - `nothing to redeem`: nobody has logged in at this key.
 *
 * What to do:
 *
 * - In a web application: redirect to the login. In a command: run `tessera login`.
 * - If it comes again and again for the same people: look for a second program that redeems the same refresh token, and
 *   let both share one store.
 * - If it comes after some days at all people: the provider limits the life of refresh tokens, or the application is in a
 *   test mode there.
 */
export interface ReauthenticationRequired {
  readonly _tag: 'ReauthenticationRequired'
  readonly reason: 'refresh token rejected' | 'revoked' | 'nothing to redeem'
  readonly answer: O.Option<ServerAnswer>
}

/**
 * A value given by the program or its settings is wrong.
 *
 * @remarks
 * Causes:
 *
 * - An option, a variable or a file is missing or has the wrong form; `field` names it.
 * - A key does not fit its algorithm, or a private key is encrypted and there is no passphrase.
 * - An option would send a token where it must not go, such as to an address with http.
 *
 * What to do:
 *
 * - Change what `field` names as `message` says. Trying again without a change fails in the same way.
 * - For an address that is http within a network that you trust, list its origin: `allowHttp: ['http://keycloak:8080']`. For
 *   the provider it is an option of `Client.make`, or of `discovery` where that finds the server. For an API it is an option
 *   of `connect` and `connectUsers`, beside `origins`. This machine may be http without it.
 * - Wrong options are told when the value is made: make clients and sources when the process starts, not at the first
 *   request.
 */
export interface Misconfigured {
  readonly _tag: 'Misconfigured'
  readonly field: string
  readonly message: string
}
