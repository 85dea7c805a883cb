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
import type { Context } from './context.js'
import type { Initial } from './initial.js'
import type { Order, Revoke } from './order.js'
import type { Outbox } from './outbox.js'
import type { Owing } from './owing.js'
import type { Applied, Result, SessionEvent, Snapshot } from './records.js'

/** Whether a session takes new work still. */
export interface Closing {
  /** It does not. */
  readonly isClosed: () => boolean
  /** Nor does any other of its collection. */
  readonly isOver: () => boolean
  /** From now on it does not. Tells whether that is new. */
  readonly begin: () => boolean
}

/** @param isOver Of its collection; a source on its own is over when it is closed. */
export const makeClosing = (isOver: (() => boolean) | undefined): Closing => {
  let isClosing = false
  return {
    isClosed: () => isClosing || isOver?.() === true,
    isOver: isOver ?? (() => isClosing),
    begin: () => {
      const first = !isClosing
      isClosing = true
      return first
    },
  }
}

/** The ends of a session, and of a source. */
export interface Ending {
  readonly revoke: TokenSource['revoke']
  /** Ends the session that one login began, and no other one; also where the store does not hold it yet. */
  readonly revokeLogin: (origin: Lifecycle.Nonce) => Promise<Result<Revocation>>
  readonly close: TokenSource['close']
}

/** A revoke that was asked for. */
interface Asked {
  readonly event: (snapshot: Snapshot) => SessionEvent
  readonly turn: Pick<Revoke, 'track' | 'buried' | 'end'>
  /** The record was heard of: which session it ends is settled. */
  readonly isPlaced: () => boolean
}

export interface EndingParts {
  readonly order: Order
  readonly closing: Closing
  readonly initial: Initial
  readonly outbox: Outbox
  readonly owing: Owing
  /** What was so in the session before is over. */
  readonly supersede: () => void
  /** Serves nothing any more, and hears of nothing. */
  readonly silence: () => void
  /** The end of all work, that of people too. */
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
   * A revoke, however often it is sent: of the epoch that is there at first, or of the session of a login that was asked for before it. It
   * never ends a later one.
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
        // What waits for the store begins here too, and not on the tombstone.
        if (from === undefined) for (const acquired of earlier) acquired.begin(snapshot)
        // The tombstone of a later one stays: to a login that was asked for between the two, it says that it is over.
        if (from === undefined && O.exists(isOfLater)(origin)) from = NOWHERE
        if (from === undefined || (O.isSome(origin) && isEarlier(origin.value))) from = Lifecycle.placeOf(snapshot.cell)
        return { _tag: 'RevokeAsked', from, nonce: own, retryAt: owing.retryAt(snapshot) }
      },
      turn,
      isPlaced: () => from !== undefined,
    }
  }

  /** A revoke of the session that one login began. Those of others are not ended by it, whenever they were asked for. */
  const askingFor = (origin: Lifecycle.Nonce): Asked => {
    const own = nonce(random)()
    const { earlier, track: tracked, end } = order.revoke(key, own)
    const waiting = earlier.find((acquired) => O.isSome(acquired.origin) && acquired.origin.value === origin)
    const placeIn = (snapshot: Snapshot): Lifecycle.Place => {
      if (Lifecycle.isOrigin(origin, snapshot.cell)) return Lifecycle.placeOf(snapshot.cell)
      // Where it waits for the store still, it finds the tombstone at the place where it would begin.
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
      // A login that began since is not over by it.
      turn: { track: tracked, buried: end, end },
      isPlaced: constTrue,
    }
  }

  /** Writes the tombstone. */
  const bury = async (asked: Asked, deadline: Instant): Promise<Result<Applied>> => {
    // What was given at the start is of the session that ends.
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
    // By the record that was written just now: later, a session may have begun.
    const paid = await owing.pay(tokens, snapshot, deadline)
    return pipe(
      await outbox.flush(deadline),
      E.flatMap(() => paid),
    )
  }

  /** Once at a time; a close that could not do it does it when it is called again, of the same session. */
  const revokeOnce = (): Promise<Result<Revocation>> => {
    const asked = closingRevoke ?? asking()
    closingRevoke = asked
    revoking ??= track(revoke(asked)).then((result) => {
      revoking = undefined
      isRevoked = E.isRight(result)
      // Otherwise nobody knows which session it was to end: a later one is not to be ended unasked.
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
        // What was sent is waited for as long as it may take; what hangs beyond that keeps nobody.
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
