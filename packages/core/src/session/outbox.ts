import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as AuthError from '../AuthError.js'
import { dated } from '../internal/processClock.js'
import { remove } from '../internal/remove.js'
import { makeWork } from '../internal/work.js'
import { type Instant, minutes, NEVER } from '../Time.js'
import type { TokenSet } from '../TokenSet.js'
import type { Acquired } from './acquired.js'
import { toProcessClock } from './cache.js'
import { type Context, isValid, PAUSE } from './context.js'
import type { Order } from './order.js'
import type { Owing } from './owing.js'
import type { Pauses } from './pauses.js'
import type { Applied, Result, Snapshot } from './snapshot.js'

/** For how long a token that the store did not take is offered to it again. */
const PATIENCE = minutes(60)

/** A token in the outbox. */
interface Waiting {
  readonly acquired: Acquired
  isWriting: boolean
}

/** Whether a token begins a session. Only such tokens have an order. */
const begins = ({ origin }: Acquired): boolean => O.isSome(origin)

/** The acquired tokens that the store does not hold yet: none is forgotten before it does. */
export interface Outbox {
  readonly isEmpty: () => boolean
  /** Writes an acquired token; when the store fails, it stays here, for the next call or for the next try. */
  readonly commit: (
    acquired: Acquired,
    from: O.Option<Snapshot>,
    deadline: Instant,
    unref?: 'unref',
  ) => Promise<Result<Applied>>
  /** As `commit`, inside the user's lock. The token is in the outbox while the call waits for the lock, and if that fails. */
  readonly commitExclusively: (acquired: Acquired, from: O.Option<Snapshot>) => Promise<Result<Applied>>
  /** Writes the tokens in the outbox. */
  readonly flush: (deadline: Instant, unref?: 'unref') => Promise<Result<void>>
  /** Settles when the writes in progress have ended. */
  readonly settled: () => Promise<void>
}

export const makeOutbox = (
  context: Context,
  isOver: () => boolean,
  { order, owing, pauses }: { readonly order: Order; readonly owing: Owing; readonly pauses: Pauses },
): Outbox => {
  const { clock, exclusively, key, records, tell, timeout, track, after } = context
  const waiting: Array<Waiting> = []
  const writes = makeWork()
  let isFlushing = false
  let offeredUntil = NEVER

  const heldBack = (error: AuthError.AuthError): Result<never> => {
    const held =
      error._tag === 'StoreFailed'
        ? AuthError.storeFailed(error.operation, error.reason, true)
        : AuthError.storeFailed('compareAndSet', AuthError.show.show(error), true)
    const kept = AuthError.instead(error, held)
    tell({ _tag: 'Pending', error: kept })
    void flushLater()
    return E.left(kept)
  }

  /**
   * The event of a token. Earlier tokens of the key, also in other sources, get their place now at the latest: they must not replace the
   * session that this one begins.
   */
  const inTurn = (acquired: Acquired): Acquired['event'] =>
    begins(acquired)
      ? (snapshot) => {
          for (const earlier of order.before(key, acquired)) earlier.begin(snapshot)
          return acquired.event(snapshot)
        }
      : acquired.event

  /** A token that came too late for its session must not stay alive. */
  const discard = async (token: TokenSet, snapshot: Snapshot): Promise<void> => {
    tell({ _tag: 'Discarded', revoked: await owing.discard(token, snapshot) })
  }

  const announce = (token: TokenSet, { cell }: Snapshot, as: 'LoggedIn' | 'Renewed'): void => {
    const { epoch, generation } = cell
    if (isValid(context, token)) pauses.succeed()
    tell({ _tag: as, epoch, generation, expiresAt: dated(clock, token).expiresAt })
  }

  const follow = (acquired: Acquired, { decision: { serve, action }, snapshot }: Applied): void => {
    acquired.committed()
    if (O.isSome(serve)) {
      announce(toProcessClock(serve.value, snapshot), snapshot, begins(acquired) ? 'LoggedIn' : 'Renewed')
    }
    if (action._tag === 'Discard') tell({ _tag: 'Discarded', revoked: false })
    if (action._tag === 'DiscardAndRevoke') void track(discard(action.token, snapshot))
    if (action._tag === 'RevokeAtServer') void track(owing.pay(action.tokens, snapshot, after(timeout)))
  }

  const find = (acquired: Acquired): Waiting | undefined => waiting.find((of) => of.acquired === acquired)
  /** Whether a token waits, and no call is writing it. */
  const isUnwritten = (acquired: Acquired): boolean => find(acquired)?.isWriting === false

  const add = (acquired: Acquired): Waiting => {
    const there = find(acquired)
    if (there !== undefined) return there
    const added: Waiting = { acquired, isWriting: false }
    offeredUntil = after(PATIENCE)
    waiting.push(added)
    if (begins(acquired)) order.wait(key, acquired)
    return added
  }

  const commit: Outbox['commit'] = async (acquired, from, deadline, unref) => {
    const added = add(acquired)
    added.isWriting = true
    const applied = await writes.track(records.persist(inTurn(acquired), from, deadline, unref))
    added.isWriting = false
    if (E.isLeft(applied)) return heldBack(applied.left)
    remove(waiting, added)
    if (begins(acquired)) order.written(key, acquired)
    follow(acquired, applied.right)
    return applied
  }

  const flush: Outbox['flush'] = (deadline, unref) =>
    exclusively(deadline, async () => {
      for (const { acquired } of [...waiting]) {
        // Another call may write it, or has written it meanwhile.
        if (!isUnwritten(acquired)) continue
        const applied = await commit(acquired, O.none, deadline, unref)
        if (E.isLeft(applied)) return applied
      }
      return E.right(undefined)
    })

  /**
   * Offers the tokens to the store again. The next call may be far away, and until the write another process would redeem a spent refresh
   * token. The pauses, also those of a write, keep no process alive. A source that was closed on its own goes on, since its collection
   * makes another one for the key.
   */
  const flushLater = async (): Promise<void> => {
    if (isFlushing) return
    isFlushing = true
    while (waiting.length > 0 && !isOver() && clock.now() < offeredUntil) {
      await clock.sleep(PAUSE, undefined, 'unref')()
      if (!isOver()) await track(flush(after(timeout), 'unref'))
    }
    isFlushing = false
  }

  return {
    isEmpty: () => waiting.length === 0,
    commit,
    commitExclusively: async (acquired, from) => {
      add(acquired)
      const deadline = after(timeout)
      const applied = await exclusively(deadline, () =>
        // If the lock came late, another call may write the token, or have written it.
        isUnwritten(acquired) ? commit(acquired, from, deadline) : records.persist(acquired.event, from, deadline),
      )
      // A failed commit has reported itself. Another call may have written the token in the meantime.
      const isSaid =
        E.isRight(applied) ||
        (applied.left._tag === 'StoreFailed' && applied.left.pending) ||
        find(acquired) === undefined
      return isSaid ? applied : heldBack(applied.left)
    },
    flush,
    settled: writes.settled,
  }
}
