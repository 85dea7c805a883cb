import * as E from 'fp-ts/lib/Either.js'
import { constTrue, pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as AuthError from '../AuthError.js'
import * as Lifecycle from '../Lifecycle.js'
import { nonce } from '../Random.js'
import { race } from '../race.js'
import type { Instant } from '../Time.js'
import type { Revocation, TokenSource } from '../TokenSource.js'
import { NOWHERE } from './beginning.js'
import type { Closing } from './closing.js'
import type { Context } from './context.js'
import type { Initial } from './initial.js'
import type { Order, Revoke } from './order.js'
import type { Outbox } from './outbox.js'
import type { Owing } from './owing.js'
import type { Applied, Result, SessionEvent, Snapshot } from './snapshot.js'

/** Revoke, which ends the session, and close, which ends the source. */
export interface Ending {
  readonly revoke: TokenSource['revoke']
  /** Ends only the session that the given login began, even if the store does not hold it yet. */
  readonly revokeLogin: (origin: Lifecycle.Nonce) => Promise<Result<Revocation>>
  readonly close: TokenSource['close']
}

/** A revoke that was asked for. */
interface Asked {
  readonly event: (snapshot: Snapshot) => SessionEvent
  readonly turn: Pick<Revoke, 'track' | 'buried' | 'end'>
  /** Whether the record was seen, and with it the session that the revoke ends is settled. */
  readonly isPlaced: () => boolean
}

export interface EndingParts {
  readonly order: Order
  readonly closing: Closing
  readonly initial: Initial
  readonly outbox: Outbox
  readonly owing: Owing
  /** Ends the pauses of the previous session, and makes later callers start a new flight. */
  readonly supersede: () => void
  /** Stops serving the cached token, and ends the change subscription. */
  readonly silence: () => void
  /** Settles when all work has ended, logins included. */
  readonly settled: () => Promise<void>
}

export const makeEnding = (
  context: Context,
  { order, closing, initial, outbox, owing, supersede, silence, settled }: EndingParts,
): Ending => {
  const { clock, exclusively, isClosed, key, patience, random, records, store } = context
  const { tell, timeout, track, after } = context

  let isRevoked = false
  let hasFailed = false
  let closingRevoke: Asked | undefined
  let revoking: Promise<Result<Revocation>> | undefined

  /**
   * A revoke, which may be sent several times. It ends the epoch that it finds first, or the session of an earlier login, and never a
   * later one.
   */
  const asking = (): Asked => {
    const own = nonce(random)()
    const { origins, isOfLater, earlier, ...turn } = order.revoke(key, own)
    const isEarlier = (origin: Lifecycle.Nonce): boolean =>
      origins.has(origin) || (O.isSome(initial.origin) && initial.origin.value === origin)
    let from: Lifecycle.Place | undefined
    return {
      event: (snapshot) => {
        const { origin } = snapshot.cell
        // Tokens that wait for the store begin here too, and not on the tombstone.
        if (from === undefined) for (const acquired of earlier) acquired.begin(snapshot)
        // The tombstone of a later revoke stays: a login between the two finds by it that its session has ended.
        if (from === undefined && O.exists(isOfLater)(origin)) from = NOWHERE
        if (from === undefined || (O.isSome(origin) && isEarlier(origin.value))) from = Lifecycle.placeOf(snapshot.cell)
        return { _tag: 'RevokeAsked', from, nonce: own, retryAt: owing.retryAt(snapshot) }
      },
      turn,
      isPlaced: () => from !== undefined,
    }
  }

  /** A revoke of the session that one login began. It ends no other session. */
  const askingFor = (origin: Lifecycle.Nonce): Asked => {
    const own = nonce(random)()
    const { earlier, track: tracked, end } = order.revoke(key, own)
    const waiting = earlier.find((acquired) => O.isSome(acquired.origin) && acquired.origin.value === origin)
    const placeIn = (snapshot: Snapshot): Lifecycle.Place => {
      if (Lifecycle.isOrigin(origin, snapshot.cell)) return Lifecycle.placeOf(snapshot.cell)
      // If the login still waits for the store, the tombstone goes to the place where its session would begin.
      const begins = waiting?.event(snapshot)
      return begins?._tag === 'LoggedIn' ? begins.from : NOWHERE
    }
    return {
      event: (snapshot) => ({
        _tag: 'RevokeAsked',
        from: placeIn(snapshot),
        nonce: own,
        retryAt: owing.retryAt(snapshot),
      }),
      // Its `buried` is `end`: this revoke does not count for logins that began since.
      turn: { track: tracked, buried: end, end },
      isPlaced: constTrue,
    }
  }

  /** Writes the tombstone. */
  const bury = async (asked: Asked, deadline: Instant): Promise<Result<Applied>> => {
    // The initial tokens belong to the session that ends.
    if (O.isSome(initial.token())) {
      const there = await records.read(deadline)
      const wrote = E.isLeft(there) ? there : await initial.write(there.right)
      if (E.isLeft(wrote)) return wrote
    }
    const applied = await exclusively(deadline, () => records.persist(asked.event, O.none, deadline))
    if (E.isRight(applied)) {
      asked.turn.buried()
      supersede()
      initial.forget()
    }
    return applied
  }

  const revoke = async (asked: Asked): Promise<Result<Revocation>> => {
    const deadline = after(timeout)
    const applied = await asked.turn.track(bury(asked, deadline))
    if (E.isLeft(applied)) {
      // Only a close tries its revoke again.
      if (asked !== closingRevoke) asked.turn.end()
      return applied
    }
    const { decision, snapshot } = applied.right
    const tokens = decision.action._tag === 'RevokeAtServer' ? decision.action.tokens : []
    if (tokens.length > 0 && snapshot.cell.status._tag === 'Revoked') tell({ _tag: 'Revoked' })
    // Use the record just written: in a later one, a new session may have begun.
    const paid = await owing.pay(tokens, snapshot, deadline)
    return pipe(
      await outbox.flush(deadline),
      E.flatMap(() => paid),
    )
  }

  /** The revoke of a close, once at a time. If it failed, the next call of `close` tries it again, for the same session. */
  const revokeOnce = (): Promise<Result<Revocation>> => {
    const asked = closingRevoke ?? asking()
    closingRevoke = asked
    revoking ??= track(revoke(asked)).then((result) => {
      revoking = undefined
      isRevoked = E.isRight(result)
      // If it is not placed, nobody knows which session it should have ended. A later session must not be ended instead.
      hasFailed = !isRevoked && asked.isPlaced()
      return result
    })
    return revoking
  }

  return {
    revokeLogin: (origin) => track(revoke(askingFor(origin))),
    revoke: async () => (isClosed() ? E.left(AuthError.closed) : track(revoke(asking()))),
    close:
      (options = {}) =>
      async () => {
        const first = closing.begin()
        silence()
        const isWanted = options.revoke ?? (first ? (store.ephemeral ?? false) : hasFailed)
        const revoked: Result<unknown> = isWanted && !isRevoked ? await revokeOnce() : E.right(undefined)
        // Wait for requests in progress for as long as they may take, but not for one that hangs beyond that.
        const patient = { deadline: after(patience) }
        await race(clock, patient, undefined, undefined, () => settled().then(E.right))()
        // An answer may have come in a stall that used up that time. A commit ends by its own deadline.
        await outbox.settled()
        const flushed = await track(outbox.flush(after(timeout)))
        if (first) tell({ _tag: 'Closed' })
        return pipe(
          revoked,
          E.flatMap(() => flushed),
        )
      },
  }
}
