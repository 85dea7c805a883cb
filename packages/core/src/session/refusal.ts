import * as E from 'fp-ts/lib/Either.js'
import { constTrue, pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as AuthError from '../AuthError.js'
import * as Lifecycle from '../Lifecycle.js'
import * as Secret from '../Secret.js'
import { type Instant, plus } from '../Time.js'
import type { Accepting } from './accepting.js'
import type { Context } from './context.js'
import type { Refusing } from './refusing.js'
import { type Result, type SessionEvent, type Snapshot, view } from './snapshot.js'

/** Refusals: an API no longer accepts a token. */
export interface Refusal {
  readonly invalidate: (used: Secret.Secret<'AccessToken'>) => TaskEither<AuthError.AuthError, void>
  /** Whether all refusals are in the record. */
  readonly isEmpty: () => boolean
  /** Writes the refusals that an earlier write could not. */
  readonly flush: (snapshot: Snapshot, deadline: Instant) => Promise<Result<Snapshot>>
  /** Settles when the writes in progress have ended. */
  readonly settled: () => Promise<unknown>
}

export interface RefusalParts {
  readonly refusing: Refusing
  readonly accepting: Accepting
  /** Stops serving the cached token. */
  readonly expire: () => void
  /** The record that a flight has read may be out of date: later callers start a new flight. */
  readonly restart: () => void
}

const isOf = ({ cell }: Snapshot, used: Secret.Secret): boolean =>
  O.isSome(cell.token) && Secret.eq.equals(cell.token.value.accessToken, used)

export const makeRefusal = (context: Context, { refusing, accepting, expire, restart }: RefusalParts): Refusal => {
  const { cache, clock, exclusively, isClosed, minimumAge, records, tell, timeout, track, after } = context

  const refused =
    (access: Secret.Secret) =>
    (at: Snapshot): SessionEvent => ({
      _tag: 'Refused',
      access,
      now: plus(clock.now(), at.offset),
      accepted: accepting.isAccepted(access),
      minimumAge,
    })

  /** Whether the refusal would be counted now. If the snapshot has another token, the record has to decide. */
  const isHeardNow = (used: Secret.Secret): boolean =>
    pipe(
      cache.snapshot,
      O.filter((at) => isOf(at, used)),
      O.match(constTrue, (at) => Lifecycle.step(view)(refused(used)(at))(at.cell)[1] !== at.cell),
    )

  const write = async (used: Secret.Secret): Promise<Result<boolean>> => {
    const deadline = after(timeout)
    const applied = await exclusively(deadline, () => records.persist(refused(used), O.none, deadline))
    if (E.isLeft(applied)) return applied
    const { snapshot } = applied.right
    // The refusal was not counted if the token is too young, or if the last refusal was too recent.
    const isHeard = !isOf(snapshot, used) || snapshot.cell.refused
    if (isHeard) tell({ _tag: 'Refused' })
    return E.right(isHeard)
  }

  return {
    invalidate: (used) => async () => {
      if (isClosed()) return E.left(AuthError.closed)
      const writing = refusing.writing(used)
      if (writing !== undefined) return writing
      const isCurrent = O.isSome(cache.token) && Secret.eq.equals(cache.token.value.accessToken, used)
      // One write serves all callers that refuse the same token.
      if (!isCurrent && refusing.isLast(used)) return E.right(undefined)
      if (!isHeardNow(used)) return E.right(undefined)
      if (isCurrent) expire()
      restart()
      return track(refusing.write(used, () => write(used)))
    },
    isEmpty: refusing.isEmpty,
    flush: async (snapshot, deadline) => {
      let at = snapshot
      for (const access of refusing.tokens()) {
        const applied = await records.apply(refused(access), at, deadline)
        if (E.isLeft(applied)) return applied
        refusing.forget(access)
        at = applied.right.snapshot
      }
      return E.right(at)
    },
    settled: refusing.settled,
  }
}
