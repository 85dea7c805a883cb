import * as E from 'fp-ts/lib/Either.js'
import { constVoid, pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as AuthError from '../AuthError.js'
import { acquiring } from '../internal/acquiring.js'
import { lastWord } from '../internal/lastWord.js'
import { dated, dateOf, timed } from '../internal/processClock.js'
import { remove } from '../internal/remove.js'
import { secretsOfOption } from '../internal/secrets.js'
import type * as Lifecycle from '../Lifecycle.js'
import { nonce, uniform } from '../Random.js'
import type { Bounds } from '../race.js'
import type { Attempt, Strategy } from '../Strategy.js'
import { between, earliest, millis, plus } from '../Time.js'
import type { TokenSet } from '../TokenSet.js'
import type { Acquired } from './acquired.js'
import { toProcessClock, toStoreClock } from './cache.js'
import { type Context, MARGIN, PAUSE, servable } from './context.js'
import { restOf } from './early.js'
import { toFailure } from './failure.js'
import type { Outbox } from './outbox.js'
import type { Owing } from './owing.js'
import type { Pauses } from './pauses.js'
import type { Result, Snapshot } from './snapshot.js'
import { again, ended, type Flying, offering, question, type Redeem, type Turn } from './turn.js'

const nameOf = ({ epoch, generation, origin }: Lifecycle.Parent): string =>
  `${epoch} ${generation} ${O.toNullable(origin)}`

export const makeRedeem = <R>(
  context: Context,
  strategy: Strategy<R>,
  env: R,
  { outbox, owing, pauses }: { readonly outbox: Outbox; readonly owing: Owing; readonly pauses: Pauses },
): Redeem => {
  const { cache, clock, exclusively, isClosed, minimumAge, random, records, selfSufficient, store } = context
  const { tell, timeout, track, after } = context
  const draw = uniform(random)
  const late = AuthError.outcomeUnknown({
    url: 'strategy',
    reason: 'it did not settle by its deadline',
    answer: O.none,
    repeatable: selfSufficient,
  })
  /** Parents (by `nameOf`) for which a token has come that is not committed yet. Their refresh token must not be sent again. */
  const answered: Array<string> = []

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
      committed: () => remove(answered, nameOf(parent)),
    }
  }

  /** How long the token whose refresh token is redeemed may still be served. */
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

  const useless = ({ serve }: Lifecycle.Decision<TokenSet>): AuthError.AuthError =>
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
    const leased = await records.apply(
      (at) => ({ _tag: 'Requested', nonce: own, ...question(context, flying, at) }),
      from,
      deadline,
    )
    if (E.isLeft(leased)) return ended(leased)
    const { decision, snapshot: lease } = leased.right
    const served = servable(context, decision, lease)
    // Our own lease must not look like another process's lease to `ask`, so it is removed here.
    if (O.isSome(served)) offering(context, flying, served.value, { ...lease, cell: { ...lease.cell, lease: O.none } })
    // Another process or call was first. `lease` is then the record that it wrote.
    if (decision.action._tag !== 'Redeem') return { _tag: 'Again', found: O.some(lease) }
    const { parent, recovery } = decision.action
    const name = nameOf(parent)
    const previous = pipe(
      decision.action.previous,
      O.map((token) => toProcessClock(token, lease)),
    )

    const failed = async (error: AuthError.AuthError, isLate = false): Promise<Turn> => {
      // Renewal pauses for a part of the time for which the current token is still sufficient. With `minValid`, that time ends earlier.
      const rest = restOf(millis(leftOf(previous, lease) - minValid), draw())
      const failure = toFailure(error, previous, !selfSufficient, rest)
      if (!isLate) tell({ _tag: 'RenewalFailed', error })
      const applied = await records.apply(
        (at) => ({ _tag: 'Failed', parent, nonce: own, now: plus(clock.now(), at.offset), failure }),
        lease,
        // The server's answer counts for all processes. So it gets a deadline of its own: that of the flight may have passed.
        after(timeout),
      )
      if (E.isRight(applied) && applied.right.decision.action._tag === 'Again') return again
      // The missing answer was already reported at the deadline.
      if (isLate && failure._tag !== 'Unknown') tell({ _tag: 'RenewalFailed', error })
      if (failure._tag === 'InvalidGrant') {
        // `LogInAgain` does not count unless it was written. The next call asks again.
        if (E.isLeft(applied)) return ended(applied)
        tell({ _tag: 'LoginRequired' })
        return ended(E.left(AuthError.reauthenticationRequired('refresh token rejected', AuthError.answer(error))))
      }
      if (failure._tag === 'NotSent' && error._tag !== 'Closed') pauses.fail(error)
      return ended(E.left(error))
    }

    // Do not send if this refresh token was already answered (the commit is pending), or if the known record has moved on from it.
    const isElsewhere = O.isSome(cache.snapshot) && nameOf(cache.snapshot.value.cell) !== name
    if (answered.includes(name) || isElsewhere) return again
    if (isClosed()) return failed(AuthError.closed)
    // Send only within `MARGIN` of the lease's start. A later request may reach the server after the lease has ended and another process
    // has taken over.
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
    const running = acquiring(() => strategy, attempt, env, {
      as: 'strategy',
      repeatable: selfSufficient,
      secrets: () => secretsOfOption(previous),
    })().then((answer) => {
      if (E.isRight(answer) && !answered.includes(name)) answered.push(name)
      return answer
    })
    const result = await lastWord(clock, limits, late, running)
    if (E.isLeft(result) && result.left === late) {
      // A late answer may bring the only valid refresh token, or reject the old one. Either counts if the record is still at the same
      // parent, no matter who holds the lease now.
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
    const { decision: outcome, snapshot } = committed.right
    const token = servable(context, outcome, snapshot)
    if (O.isSome(token)) return ended(E.right(token.value))
    if (outcome.action._tag !== 'None') return again
    const error = useless(outcome)
    pauses.fail(error)
    return ended(E.left(error))
  }

  /** As `redeem`, inside the user's lock. A snapshot that was read outside of it may be out of date. */
  const redeemExclusively = async (flying: Flying): Promise<Turn> => {
    const { deadline } = flying
    const turn = async (): Promise<Result<Turn>> => {
      const at = await records.read(deadline)
      return E.isLeft(at) ? at : E.right(await redeem(at.right, flying))
    }
    // The lock may come after the caller has given up. `close` still waits for this work.
    const done = await exclusively(deadline, () => track(turn()))
    return E.isLeft(done) ? ended(done) : done.right
  }

  return (from, flying) => (store.exclusive === undefined ? redeem(from, flying) : redeemExclusively(flying))
}
