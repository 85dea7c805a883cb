import * as AuthError from '../AuthError.js'
import { guard } from '../internal/guard.js'
import type { ProcessClock } from '../internal/processClock.js'
import { race } from '../race.js'
import type { Instant } from '../Time.js'
import type { Key, TokenStore } from '../TokenStore.js'
import type { Result } from './snapshot.js'

/** Runs inside the user's own lock, where the store has one. */
export type Lock = <A>(deadline: Instant, use: () => Promise<Result<A>>) => Promise<Result<A>>

export const makeLock =
  ({ exclusive }: TokenStore, key: Key, clock: ProcessClock): Lock =>
  (deadline, use) =>
    exclusive === undefined
      ? use()
      : race(
          clock,
          { deadline },
          AuthError.timedOut('the lock of the store'),
          AuthError.aborted,
          guard(
            (threw) => AuthError.storeFailed('get', `the lock ${threw}`),
            () => exclusive(key, use),
          ),
        )()
