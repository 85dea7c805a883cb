import * as E from 'fp-ts/lib/Either.js'
import { constVoid, pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as AuthError from '../AuthError.js'
import { acquiring } from '../internal/acquiring.js'
import { lastWord } from '../internal/lastWord.js'
import { dated, dateOf, timed } from '../internal/processClock.js'
import { secretsOfOption } from '../internal/secrets.js'
import * as Lifecycle from '../Lifecycle.js'
import { nonce, uniform } from '../Random.js'
import type { Bounds } from '../race.js'
import type { Attempt, Strategy } from '../Strategy.js'
import { between, type Duration, earliest, type Instant, millis, plus } from '../Time.js'
import type { TokenSet } from '../TokenSet.js'
import type { Acquired } from './acquired.js'
import { toProcessClock, toStoreClock } from './cache.js'
import { type Context, isValid, MARGIN, PAUSE } from './context.js'
import { restOf } from './early.js'
import { toFailure } from './failure.js'
import type { Outbox } from './outbox.js'
import type { Owing } from './owing.js'
import type { Pauses } from './pauses.js'
import { type Result, type SessionEvent, type Snapshot, storeNow, view } from './records.js'

/** How one turn of a flight ended: with a result, or by having to look again, at what it found where it found something. */
export type Turn =
  | { readonly _tag: 'Ended'; readonly result: Result<TokenSet> }
  | { readonly _tag: 'Again'; readonly found: O.Option<Snapshot> }
const ended = (result: Result<TokenSet>): Turn => ({ _tag: 'Ended', result })
const again: Turn = { _tag: 'Again', found: O.none }

/** What the turns of one flight share. */
export interface Flying {
  readonly deadline: Instant
  /** For how long the token is to be valid. */
  readonly minValid: Duration
  /** Takes a token that may be served meanwhile to those who do not want it for longer. */
  readonly offer: (token: TokenSet) => void
}

/** Takes the lease, redeems, and commits: one turn of a flight. */
export type Redeem = (from: Snapshot, flying: Flying) => Promise<Result<Turn>>

const nameOf = ({ epoch, generation, origin }: Lifecycle.Parent): string =>
  `${epoch} ${generation} ${O.toNullable(origin)}`

/** What a request asks of a snapshot. */
export const question = (
  { cache, hold, selfSufficient }: Context,
  { minValid }: Pick<Flying, 'minValid'>,
  at: Snapshot,
): Lifecycle.Question => ({
  now: storeNow(at),
  renewBefore: cache.renewBefore,
  minValid,
  hold,
  selfSufficient,
})

/**
 * Offers the token of a snapshot to those for whom it is enough. Where they wait for its early renewal, they do so only if they would
 * begin one.
 */
export const offering = (context: Context, { offer }: Flying, token: TokenSet, at: Snapshot): void => {
  const ask = Lifecycle.ask(view)(question(context, { minValid: millis(0) }, at))
  if (context.renewal === 'background' || ask(at.cell).action._tag !== 'Redeem') offer(token)
}

export const makeRedeem = <R>(
  context: Context,
  strategy: Strategy<R>,
  env: R,
  { outbox, owing, pauses }: { readonly outbox: Outbox; readonly owing: Owing; readonly pauses: Pauses },
): Redeem => {
  const { cache, clock, exclusively, isClosed, minimumAge, random, records, selfSufficient, store } = context
  const { tell, timeout, track, after } = context
  const draw = uniform(random)
  /** Whose answers are here and on their way to the store: a late one must not be asked for again meanwhile. */
  const answered = new Set<string>()

  const redeemed = (parent: Lifecycle.Parent, answer: TokenSet): Acquired => {
    const token = timed(clock, answer)
    return {
      origin: O.none,
      event: (at) => ({
        _tag: 'Redeemed',
        parent,
        token: toStoreClock(token, at),
        now: plus(clock.now(), at.offset),
        backOff: millis(Math.max(minimumAge, PAUSE)),
        retryAt: owing.retryAt(at),
      }),
      begin: constVoid,
      refuse: constVoid,
      committed: () => void answered.delete(nameOf(parent)),
    }
  }

  /** How long the token that is redeemed may still be served. */
  const leftOf = (previous: O.Option<TokenSet>, { cell }: Snapshot) =>
    pipe(
      previous,
      O.filter(() => !cell.refused),
      O.flatMap(({ expiresAt }) => expiresAt),
      O.match(
        () => millis(0),
        (end) => between(clock.now(), end),
      ),
    )

  const useless = (serve: O.Option<TokenSet>): AuthError.AuthError =>
    AuthError.malformed({
      what: 'answer of the strategy',
      ...(O.isSome(serve)
        ? { path: 'expiresAt', expected: 'a time to come, also when the token is stored' }
        : { path: 'accessToken', expected: 'another token than the one that was refused' }),
      repeatable: true,
    })

  const redeem = async (from: Snapshot, flying: Flying): Promise<Turn> => {
    const { deadline, minValid } = flying
    const own = nonce(random)()
    const requested = (at: Snapshot): SessionEvent => ({
      _tag: 'Requested',
      nonce: own,
      ...question(context, flying, at),
    })
    const leased = await records.apply(requested, from, deadline)
    if (E.isLeft(leased)) return ended(leased)
    const { decision, snapshot: lease } = leased.right
    const served = pipe(
      decision.serve,
      O.map((token) => toProcessClock(token, lease)),
      O.filter((token) => isValid(context, token)),
    )
    // The lease is this flight's own: it is in nobody's way.
    const free = { ...lease, cell: { ...lease.cell, lease: O.none } }
    if (O.isSome(served)) offering(context, flying, served.value, free)
    // Another was first. What it wrote came with the answer.
    if (decision.action._tag !== 'Redeem') return { _tag: 'Again', found: O.some(lease) }
    const { parent, recovery } = decision.action
    const name = nameOf(parent)
    const previous = pipe(
      decision.action.previous,
      O.map((token) => toProcessClock(token, lease)),
    )

    // Whoever wants a token for longer needs the server as soon as the one that is there is too short.
    const rest = restOf(millis(Math.max(0, leftOf(previous, lease) - minValid)), draw())

    const failed = async (error: AuthError.AuthError, isLate = false): Promise<Turn> => {
      const failure = toFailure(error, previous, !selfSufficient, rest)
      if (!isLate) tell({ _tag: 'RenewalFailed', error })
      const applied = await records.apply(
        (at) => ({ _tag: 'Failed', parent, nonce: own, now: plus(clock.now(), at.offset), failure }),
        lease,
        // What the server said counts for everybody, also when this flight has spent its time on waiting.
        after(timeout),
      )
      if (E.isRight(applied) && applied.right.decision.action._tag === 'Again') return again
      // That there was no answer was told at the deadline.
      if (isLate && failure._tag !== 'Unknown') tell({ _tag: 'RenewalFailed', error })
      if (failure._tag === 'InvalidGrant') {
        // A status that is not written is none: the next call asks again.
        if (E.isLeft(applied)) return ended(applied)
        tell({ _tag: 'LoginRequired' })
        return ended(E.left(AuthError.reauthenticationRequired('refresh token rejected', AuthError.answer(error))))
      }
      if (failure._tag === 'NotSent' && error._tag !== 'Closed') pauses.fail(error)
      return ended(E.left(error))
    }

    // A late answer of this process's own is on its way to the store, or in it already.
    const isElsewhere = pipe(
      cache.snapshot,
      O.exists(({ cell }) => nameOf(cell) !== name),
    )
    if (answered.has(name) || isElsewhere) return again
    // Only a young lease permits sending: with an old one it may be somebody else's turn.
    if (isClosed()) return failed(AuthError.closed)
    const sendBy = earliest(plus(lease.readAt, MARGIN), deadline)
    if (clock.now() >= sendBy) return failed(AuthError.timedOut('the token store'))
    tell({ _tag: 'Renewing', epoch: parent.epoch, generation: parent.generation, recovery })
    const limits: Bounds = { deadline: plus(lease.readAt, timeout) }
    const attempt: Attempt = {
      previous: pipe(
        previous,
        O.map((token) => dated(clock, token)),
      ),
      refused: lease.cell.refused,
      minValid,
      deadline: dateOf(clock, limits.deadline),
      signal: new AbortController().signal,
    }
    const late = AuthError.outcomeUnknown({
      url: 'strategy',
      reason: 'it did not settle by its deadline',
      answer: O.none,
      repeatable: selfSufficient,
    })
    const running = acquiring(() => strategy, attempt, env, {
      as: 'strategy',
      repeatable: selfSufficient,
      secrets: () => secretsOfOption(previous),
    })().then((answer) => {
      if (E.isRight(answer)) answered.add(name)
      return answer
    })
    const result = await lastWord(clock, limits, late, () => running)()
    if (E.isLeft(result) && result.left === late) {
      // A late answer may bring the only valid refresh token, or say that there is none: it counts by lineage, whoever holds the
      // lease.
      void running.then((answer) =>
        track<unknown>(
          E.isRight(answer)
            ? outbox.commitExclusively(redeemed(parent, answer.right), O.none)
            : exclusively(after(timeout), async () => E.right(await failed(answer.left, true))),
        ),
      )
    }
    if (E.isLeft(result)) return failed(result.left)
    const committed = await outbox.commit(redeemed(parent, result.right), O.some(lease), after(timeout))
    if (E.isLeft(committed)) return ended(committed)
    const { serve, action } = committed.right.decision
    const token = pipe(
      serve,
      O.map((of) => toProcessClock(of, committed.right.snapshot)),
    )
    if (O.isSome(token) && isValid(context, token.value)) return ended(E.right(token.value))
    if (action._tag !== 'None') return again
    const error = useless(token)
    pauses.fail(error)
    return ended(E.left(error))
  }

  return (from, flying) => {
    const { deadline } = flying
    return exclusively(deadline, () => {
      const turn = async (): Promise<Result<Turn>> => {
        // What was read outside the user's lock may be over.
        const at = store.exclusive === undefined ? E.right(from) : await records.read(deadline)
        return E.isLeft(at) ? at : E.right(await redeem(at.right, flying))
      }
      // The lock may come so late that its caller waits no longer; a close does.
      return track(turn())
    })
  }
}
