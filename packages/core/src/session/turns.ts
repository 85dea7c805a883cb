import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as AuthError from '../AuthError.js'
import { dateOf } from '../internal/processClock.js'
import * as Lifecycle from '../Lifecycle.js'
import { race } from '../race.js'
import { earliest, type Instant, millis, plus, seconds } from '../Time.js'
import type { TokenSet } from '../TokenSet.js'
import { isEnough, isKnown, isUsable } from './cache.js'
import type { Changes } from './changes.js'
import { type Context, servable } from './context.js'
import type { Initial } from './initial.js'
import type { Outbox } from './outbox.js'
import type { Pauses } from './pauses.js'
import type { Refusal } from './refusal.js'
import { type Result, type Snapshot, view } from './snapshot.js'
import { type Flying, offering, question, type Redeem } from './turn.js'

/** How long a caller with a valid token waits for the read that looks for other processes' changes. */
const READ_PATIENCE = seconds(2)
const SLOW = AuthError.timedOut('the token store')

export interface TurnsParts {
  readonly outbox: Outbox
  readonly pauses: Pauses
  readonly refusal: Refusal
  readonly initial: Initial
  readonly changes: Changes
  readonly redeem: Redeem
  /** The error if the strategy could not be created. */
  readonly unmade: AuthError.AuthError | undefined
}

/** Runs the turns of a flight until it has a token or fails. A valid token that is found on the way is offered to waiting callers. */
export type Turns = (flying: Flying, isOver: () => boolean) => Promise<Result<TokenSet>>

/** The `AuthError` for a reason given by the lifecycle. */
export const fail = (reason: 'LogInAgain' | 'Revoked' | 'NothingToRedeem'): Result<never> =>
  E.left(
    AuthError.reauthenticationRequired(
      reason === 'LogInAgain' ? 'refresh token rejected' : reason === 'Revoked' ? 'revoked' : 'nothing to redeem',
    ),
  )

export const makeTurns = (
  context: Context,
  { outbox, pauses, refusal, initial, changes, redeem, unmade }: TurnsParts,
): Turns => {
  const { cache, clock, isClosed, records, tell, after } = context
  const ask = (flying: Flying, snapshot: Snapshot) =>
    Lifecycle.ask(view)(question(context, flying, snapshot))(snapshot.cell)

  /**
   * The cached snapshot at the current time, to save a read before redeeming. If it is out of date, the compare-and-set of the lease
   * fails. It is not used with a lease or a cool-down, whose end needs the store's time.
   */
  const present = (flying: Flying): O.Option<Snapshot> => {
    const now = clock.now()
    if (O.isNone(cache.snapshot) || now >= cache.readUntil) return O.none
    const snapshot = { ...cache.snapshot.value, readAt: now }
    const { lease, status } = snapshot.cell
    const isUnheld = O.isNone(lease) && status._tag === 'None'
    return isUnheld && ask(flying, snapshot).action._tag === 'Redeem' ? O.some(snapshot) : O.none
  }

  /**
   * Reads the record. A caller whose cached token lives long enough waits at most `READ_PATIENCE` to learn whether another process has
   * ended the session. That holds for the caller that started the flight and for those that joined it.
   */
  const read = async ({ deadline, minValid, offer }: Flying): Promise<Result<Snapshot>> => {
    const patience = earliest(deadline, after(READ_PATIENCE))
    if (isEnough(cache, clock, minValid)) return records.read(patience)
    const reading = records.read(deadline)
    if (!isUsable(cache, clock)) return reading
    const early = await race(clock, { deadline: patience }, SLOW, AuthError.aborted, () => reading)()
    if (E.isLeft(early) && early.left === SLOW && isUsable(cache, clock) && O.isSome(cache.token))
      offer(cache.token.value)
    return reading
  }

  /**
   * If the strategy could not be created, write nothing. Taking the lease could erase a tombstone and block processes with a valid
   * strategy.
   */
  const failUnmade = (error: AuthError.AuthError): Result<never> => {
    if (O.isNone(pauses.failure())) {
      // First, since the observer may call `get`.
      pauses.fail(error)
      tell({ _tag: 'RenewalFailed', error })
    }
    return E.left(error)
  }

  const wait = async (snapshot: Snapshot, until: Instant, deadline: Instant): Promise<Result<void>> => {
    tell({ _tag: 'Waiting', until: dateOf(clock, until) })
    if (snapshot.cell.status._tag === 'CoolingDown' && until >= deadline) {
      return E.left(pauses.last() ?? AuthError.timedOut('the back-off that the server asked for'))
    }
    // Do not wait if a change was notified, or written by this process, since the read.
    if (O.isNone(cache.unread) && isKnown(cache, snapshot)) await changes.wait(earliest(until, deadline))
    return E.right(undefined)
  }

  return async (flying, isOver) => {
    const { deadline } = flying
    let found: O.Option<Snapshot> = O.none
    for (let first = true; clock.now() < deadline && !isOver(); first = false) {
      if (isClosed()) return E.left(AuthError.closed)
      if (!outbox.isEmpty()) {
        const flushed = await outbox.flush(deadline)
        if (E.isLeft(flushed)) return flushed
      }
      if (!refusal.isEmpty()) await refusal.settled()

      const isCalm = first && refusal.isEmpty() && O.isNone(pauses.failure())
      const from: O.Option<Snapshot> = O.isSome(found) || !isCalm ? found : present(flying)
      found = O.none
      const there = O.isSome(from) ? E.right(from.value) : await read(flying)
      if (E.isLeft(there)) return there
      if (O.isSome(initial.token())) {
        const wrote = await initial.write(there.right)
        if (E.isLeft(wrote)) return wrote
        if (wrote.right) continue
      }
      // A later call has read or written a newer version, for example a revoke: read again.
      if (!isKnown(cache, there.right)) continue
      const refused = refusal.isEmpty() ? there : await refusal.flush(there.right, deadline)
      if (E.isLeft(refused)) return refused
      const snapshot = refused.right

      const decision = ask(flying, snapshot)
      const { action } = decision
      const token = servable(context, decision, snapshot)
      if (O.isSome(token)) offering(context, flying, token.value, snapshot)
      if (unmade !== undefined && (action._tag === 'Redeem' || action._tag === 'Fail')) return failUnmade(unmade)
      switch (action._tag) {
        case 'Redeem': {
          const failure = pauses.failure()
          if (O.isSome(failure)) return E.left(failure.value)
          const turn = await redeem(snapshot, flying)
          if (turn._tag === 'Ended') return turn.result
          found = turn.found
          break
        }
        case 'Fail':
          return fail(action.reason)
        case 'Wait': {
          const waited = await wait(snapshot, plus(action.until, millis(-snapshot.offset)), deadline)
          if (E.isLeft(waited)) return waited
          break
        }
        default:
          if (O.isSome(token)) {
            pauses.succeed()
            return E.right(token.value)
          }
      }
    }
    return E.left(AuthError.timedOut('a renewal'))
  }
}
