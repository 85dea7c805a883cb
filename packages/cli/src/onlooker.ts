/**
 * Looks at a session, and asks nobody for a token.
 */
import {
  AuthError,
  type Inspection,
  instant,
  type Key,
  Strategy,
  seconds,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { systemClock } from '@tessera/node'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { type Invocation, SECONDS } from './invocation.js'

const none = Strategy.make({ needsRefreshToken: true }, () => RTE.left(AuthError.notApplicable('it is looked at only')))

/**
 * Each process draws when it renews a token, so that a fleet does not renew in step. An onlooker renews none: it tells the middle of
 * that range, the mean of all, which is the same at each look: half of what four bytes can say.
 */
const middle = { bytes: (size: number) => () => new Uint8Array(size).fill(0x80, -1) }

/** What can be said of a session without a secret. */
export const look = (
  { shared, signal }: Pick<Invocation, 'shared' | 'signal'>,
  store: TokenStore,
  key: Key,
): TaskEither<AuthError, Inspection> => {
  const limits = { deadline: instant(systemClock.now() + seconds(shared.timeout ?? SECONDS)), signal }
  return TokenSource.make({ store, key })(none)({ clock: systemClock, random: middle })().within(limits).inspect
}
