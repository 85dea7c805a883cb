/**
 * Looks at a session, or ends it, and asks nobody for a token.
 */
import {
  AuthError,
  type Inspection,
  instant,
  type Key,
  type Limits,
  Strategy,
  seconds,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { systemClock, systemRandom } from '@tessera/node'
import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type Invocation, SECONDS } from './invocation.js'

const none = Strategy.make({ needsRefreshToken: true }, () => RTE.left(AuthError.notApplicable('it is looked at only')))

/**
 * Each process draws when it renews a token, so that a fleet does not renew in step. An onlooker renews none: it tells the middle of
 * that range, the mean of all, which is the same at each look: half of what four bytes can say.
 */
const middle = { bytes: (size: number) => () => new Uint8Array(size).fill(0x80, -1) }

type Asked = Pick<Invocation, 'shared' | 'signal'>

const limitsOf = ({ shared, signal }: Asked): Limits => ({
  deadline: instant(systemClock.now() + seconds(shared.timeout ?? SECONDS)),
  signal,
})

/** What can be said of a session without a secret. */
export const look = (asked: Asked, store: TokenStore, key: Key): TE.TaskEither<AuthError, Inspection> =>
  TokenSource.make({ store, key })(none)({ clock: systemClock, random: middle })().within(limitsOf(asked)).inspect

/**
 * Ends a session by a tombstone, without a word to the server. Where the record were only removed from a store that may lose
 * writes, any process that remembers the session would take it for lost, and write it back.
 */
export const bury = (asked: Asked, store: TokenStore, key: Key): TE.TaskEither<AuthError, void> =>
  pipe(
    TokenSource.make({ store, key })(none)({ clock: systemClock, random: systemRandom })().within(limitsOf(asked))
      .revoke,
    TE.asUnit,
  )
