import * as E from 'fp-ts/lib/Either.js'
import { constFalse, constTrue, constVoid, pipe } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as AuthError from '../AuthError.js'
import { raised } from '../checking.js'
import * as Lifecycle from '../Lifecycle.js'
import { nonce, uniform } from '../Random.js'
import { type Bounds, race } from '../race.js'
import * as Secret from '../Secret.js'
import type { SourceEvent } from '../SourceEvent.js'
import * as Strategy from '../Strategy.js'
import { between, type Duration, earliest, type Instant, instant, millis, minutes, plus, seconds } from '../Time.js'
import type { TokenSet } from '../TokenSet.js'

import type { Inspection, Limits, Revocation, SourceConfig, SourceEnv, TokenSource } from '../TokenSource.js'
import * as Store from '../TokenStore.js'
import { makeAccepting } from './accepting.js'
import { acquiring } from './acquiring.js'
import { type BackOff, backOffAfter, holds } from './backOff.js'
import { isUsable, makeCache, toProcessClock, toStoreClock } from './cache.js'
import { makeChanges } from './changes.js'
import { restOf } from './early.js'
import { toFailure } from './failure.js'
import { guard } from './guard.js'
import { interactively } from './interactive.js'
import { lastWord } from './lastWord.js'
import { makeOwing } from './owing.js'
import { dated, dateOf, type ProcessClock, processClock, timed } from './processClock.js'
import { type Applied, type Known, makeRecords, type Result, type SessionEvent, storeNow, view } from './records.js'
import { makeRefusing } from './refusing.js'
import { makeRevoking } from './revoking.js'
import { secretsOfOption } from './secrets.js'
import { tellTo } from './tell.js'
import { given } from './tokenSetOf.js'
import { makeWork } from './work.js'

/** By how much an intent outlives its flight: the life of a message, and of a stall. */
const MARGIN = seconds(5)
/** How long a failing store, or a held lease, is left alone while a token is valid. */
const PAUSE = seconds(1)
/** How long a check for other processes' changes is waited for while a token is valid. */
const READ_PATIENCE = seconds(2)
/** For how long a token that the store did not take is offered to it again. */
const PENDING_PATIENCE = minutes(60)

/** A token that was acquired. */
interface Acquired {
  /** What it means to a record. The same each time, by the clocks as they are then. */
  readonly event: (known: Known) => SessionEvent
  /** Where it begins, unless that was said before. A renewal has its place from the start. */
  readonly beginAt: (place: Lifecycle.Place) => void
}

type WithoutKey<Event> = Event extends unknown ? Omit<Event, 'key'> : never

/** One renewal for all callers of this process. */
interface Flight {
  /** The first token that may be served, or the end of the flight. */
  readonly served: Promise<Result<TokenSet>>
  readonly landed: Promise<Result<TokenSet>>
  /** What all get who joined it while there was no token: one promise, however many they are. */
  joined?: Promise<Result<TokenSet>>
}

/** How one turn of a flight ended: with a result, or by having to look again, at what it found where it found something. */
type Turn =
  | { readonly _tag: 'Ended'; readonly result: Result<TokenSet> }
  | { readonly _tag: 'Again'; readonly found: O.Option<Known> }
const ended = (result: Result<TokenSet>): Turn => ({ _tag: 'Ended', result })
const again: Turn = { _tag: 'Again', found: O.none }

const placeOf = ({ epoch, generation, origin }: Lifecycle.Parent): string =>
  `${epoch} ${generation} ${O.toNullable(origin)}`

/** A source, and what a collection of sources needs to know of it. */
export interface Session {
  readonly source: TokenSource
  /** Something is under way, or held in memory only: the session must not be dropped. */
  readonly busy: () => boolean
  /** Hears of no change any more, until it is used again, which it may be: it looks for itself then. */
  readonly rest: IO<void>
  /** Its strategy could not be made: it is not the session of its key for those who come later. */
  readonly isUnmade: boolean
}

/** What the sessions of a collection share. */
export interface Collection {
  /** From then on they refuse new work, as after their own close. */
  readonly isClosed: () => boolean
  /** A login is under way of which nobody knows the key yet. */
  readonly isBeginning: () => boolean
  /** Those that have something under way, or in memory only: a close of all closes them too, whoever holds them. */
  readonly working: Set<Session>
}

/** The runtime of the lifecycle, for one key in one process. What is decided about tokens is decided by `Lifecycle.step`. */
export const makeSession = <R>(
  config: SourceConfig<R>,
  strategy: Strategy.Strategy<R>,
  env: R & SourceEnv,
  collection?: Collection,
  clock: ProcessClock = processClock(env.clock),
): Session => {
  const { store, renewal = 'background', minimumAge = seconds(1), revocation, observe } = config
  const { random } = env
  // Where others may be, nobody's session is shared by accident.
  const key = config.key ?? (store.guarantee === 'shared' ? nonce(random)() : 'default')
  const timeout = config.timeout ?? (Strategy.isInteractive(strategy) ? minutes(10) : seconds(15))
  const hold = millis(timeout + MARGIN)
  // Long enough to see the intent of a crashed holder end, and to renew after it.
  const patience = millis(hold + timeout)
  const selfSufficient = !Strategy.needsRefreshToken(strategy)
  const unmade = strategy.traits?.error

  // ---------------------------------------------------------------------------
  // what this process remembers
  // ---------------------------------------------------------------------------

  let flight: Flight | undefined
  let backOff: BackOff | undefined
  let pausedUntil = instant(Number.NEGATIVE_INFINITY)
  /** Acquired tokens that the store does not hold yet; of these, those whose commit is under way. */
  const pending = new Set<Acquired>()
  const committing = new Set<Acquired>()
  let isFlushing = false
  /** Whose answers are here and on their way to the store: a late one must not be asked for again meanwhile. */
  const answered = new Set<string>()
  const refusing = makeRefusing()
  /** From here on tokens are in process time: what came with dates is {@link taken}, and handed out dated. */
  const taken = (token: TokenSet): TokenSet => timed(clock, token)
  let initial = pipe(
    O.fromNullable(config.initial),
    O.map((token) => pipe(token, given('initial'), E.getOrElse<AuthError.AuthError, TokenSet>(raised), taken)),
  )
  let isClosing = false
  const {
    isClosed: isOver,
    isBeginning,
    working,
  }: Collection = collection ?? {
    isClosed: () => isClosing,
    isBeginning: constFalse,
    working: new Set(),
  }
  const isClosed = (): boolean => isClosing || isOver()
  const report = (): void => {
    if (isIdle() && logins.isIdle() && pending.size === 0) working.delete(session)
    else working.add(session)
  }
  const { track, isIdle, settled } = makeWork(report)
  /** Of people, who may take minutes: a close waits for them, and nothing else does. */
  const logins = makeWork(() => {
    report()
    restWhenIdle()
  })
  /** Of these logins no token has come yet. */
  const loggingIn = new Set<unknown>()
  const commits = makeWork()

  const { cache, memory, hear, expire, pauseRead, postpone } = makeCache(
    {
      early: config.early,
      maxStale: config.maxStale ?? seconds(60),
      dated: (token) => dated(clock, token),
      draw: uniform(random),
    },
    ({ accessToken }) => !isClosed() && !refusing.has(accessToken),
  )
  const onChange: Store.OnChange = (version) => {
    const by = hear(version)
    if (by === 'known') return
    // What a flight has read may be over: later callers start anew.
    if (by === 'another') flight = undefined
    changes.wake()
  }
  const changes = makeChanges(store, key, { clock, random }, onChange)
  const { read, apply, persist } = makeRecords(
    store,
    key,
    { clock, random },
    {
      ...memory,
      attend: () => {
        isResting = false
        if (!isClosed()) changes.attend()
      },
      adopt: (known, begun) => {
        const isNew = !isKnown(known)
        memory.adopt(known, begun)
        // One's own write may have been told before a flight waited, and be answered only now.
        if (isNew && isKnown(known)) changes.wake()
      },
      restored: ({ cell: { epoch, generation } }) => tell({ _tag: 'Restored', epoch, generation }),
    },
    hold,
  )

  const telling = tellTo(observe)
  const tell = (event: WithoutKey<SourceEvent>): void => telling({ key, ...event })

  const after = (duration: Duration): Instant => plus(clock.now(), duration)

  const isValid = ({ expiresAt }: TokenSet): boolean => O.isNone(expiresAt) || clock.now() < expiresAt.value

  /** Inside the user's own lock, where the store has one. */
  const exclusively = async <A>(deadline: Instant, use: () => Promise<Result<A>>): Promise<Result<A>> => {
    const { exclusive } = store
    if (exclusive === undefined) return use()
    return race(
      clock,
      { deadline },
      AuthError.timedOut('the lock of the store'),
      AuthError.aborted,
      guard(
        (threw) => AuthError.storeFailed('get', `the lock ${threw}`),
        () => exclusive(key, use),
      ),
    )()
  }

  /** Later callers start anew: what a flight has read may be over. */
  const supersede = (): void => {
    flight = undefined
    backOff = undefined
    pausedUntil = instant(Number.NEGATIVE_INFINITY)
  }

  // ---------------------------------------------------------------------------
  // the server
  // ---------------------------------------------------------------------------

  const server = makeRevoking(revocation, timeout, env)
  const owing = makeOwing({
    server,
    ends: revocation === undefined ? undefined : (revocation.ends ?? 'all'),
    outside: (token, known) => dated(clock, toProcessClock(token, known)),
    now: clock.now,
    deadline: () => after(timeout),
    // At a source that is closed a login ends in nothing.
    isBeginning: () => pending.size > 0 || (!isClosed() && (loggingIn.size > 0 || isBeginning())),
    read,
    apply,
    persist: (event) => {
      const deadline = after(timeout)
      return exclusively(deadline, () => persist(event, O.none, deadline))
    },
  })

  /** A token that came too late for its session must not stay alive. */
  const discardAndRevoke = async (token: TokenSet, known: Known): Promise<void> => {
    tell({ _tag: 'Discarded', revoked: await owing.discard(token, known) })
  }

  /**
   * What waits for the store at the close of its source begins where the session is then, as far as the store answers: a later login, by
   * the next source of the key, is not replaced by it.
   */
  const placeHeld = (): void => {
    const place = Lifecycle.placeOf(O.isSome(cache.known) ? cache.known.value.cell : Lifecycle.empty)
    for (const acquired of pending) if (!committing.has(acquired)) acquired.beginAt(place)
  }

  const heldBack = (error: AuthError.AuthError): Result<never> => {
    if (isClosed()) placeHeld()
    const held =
      error._tag === 'StoreFailed'
        ? AuthError.storeFailed(error.operation, error.reason, true)
        : AuthError.storeFailed('compareAndSet', AuthError.show.show(error), true)
    const kept = AuthError.instead(error, held)
    tell({ _tag: 'Pending', error: kept })
    void flushLater()
    return E.left(kept)
  }

  /** Its event. What came before it begins no later than this: it must not replace the session that this one begins. */
  const inTurn =
    (acquired: Acquired) =>
    (known: Known): SessionEvent => {
      for (const earlier of pending) {
        if (earlier === acquired) break
        earlier.beginAt(Lifecycle.placeOf(known.cell))
      }
      return acquired.event(known)
    }

  /** Writes an acquired token; when the store fails, it stays pending, for the next call or for the next try. */
  const commit = async (acquired: Acquired, from: O.Option<Known>, deadline: Instant): Promise<Result<Applied>> => {
    pending.add(acquired)
    committing.add(acquired)
    const applied = await commits.track(persist(inTurn(acquired), from, deadline))
    committing.delete(acquired)
    if (E.isLeft(applied)) return heldBack(applied.left)
    pending.delete(acquired)
    const { decision, known } = applied.right
    const event = acquired.event(known)
    if (event._tag === 'Redeemed') answered.delete(placeOf(event.parent))
    if (O.isSome(decision.serve)) {
      if (isValid(toProcessClock(decision.serve.value, known))) backOff = undefined
      tell({
        _tag: event._tag === 'LoggedIn' ? 'LoggedIn' : 'Renewed',
        epoch: known.cell.epoch,
        generation: known.cell.generation,
        expiresAt: dated(clock, toProcessClock(decision.serve.value, known)).expiresAt,
      })
    }
    const { work: todo } = decision
    if (todo._tag === 'Discard') tell({ _tag: 'Discarded', revoked: false })
    if (todo._tag === 'DiscardAndRevoke') void track(discardAndRevoke(todo.token, known))
    if (todo._tag === 'RevokeAtServer') void track(owing.pay(todo.tokens, known, after(timeout)))
    return applied
  }

  /** As `commit`, inside the user's lock. The token is pending while the lock is waited for, and after it failed. */
  const commitExclusively = async (acquired: Acquired, from: O.Option<Known>): Promise<Result<Applied>> => {
    pending.add(acquired)
    const deadline = after(timeout)
    const applied = await exclusively(deadline, () => commit(acquired, from, deadline))
    // A commit that failed has said so itself.
    const isSaid = E.isRight(applied) || (applied.left._tag === 'StoreFailed' && applied.left.pending)
    return isSaid ? applied : heldBack(applied.left)
  }

  const flushPending = async (deadline: Instant): Promise<Result<void>> => {
    for (const acquired of [...pending].filter((of) => !committing.has(of))) {
      const applied = await commit(acquired, O.none, deadline)
      if (E.isLeft(applied)) return applied
    }
    return E.right(undefined)
  }

  const flushExclusively = (deadline: Instant): Promise<Result<void>> =>
    exclusively(deadline, () => flushPending(deadline))

  /**
   * Offers what is pending to the store again: no call may come here for long, and another process would redeem a refresh
   * token that is spent. Between the tries it keeps no process alive. A source that was closed by itself goes on with it: its collection
   * makes another one for that key.
   */
  const flushLater = async (): Promise<void> => {
    if (isFlushing) return
    isFlushing = true
    const end = after(PENDING_PATIENCE)
    while (pending.size > 0 && !isOver() && clock.now() < end) {
      await clock.sleep(PAUSE, undefined, 'unref')()
      if (!isOver()) await track(flushExclusively(after(timeout)))
    }
    isFlushing = false
  }

  // ---------------------------------------------------------------------------
  // a renewal
  // ---------------------------------------------------------------------------

  const request =
    (of: Lifecycle.Nonce) =>
    (at: Known): SessionEvent => ({
      _tag: 'Requested',
      nonce: of,
      now: storeNow(at),
      early: cache.early,
      hold,
      selfSufficient,
    })

  /** Takes the lease, redeems, and commits. */
  const redeem = async (from: Known, deadline: Instant, offer: (token: TokenSet) => void): Promise<Turn> => {
    const own = nonce(random)()
    const leased = await apply(request(own), from, deadline)
    if (E.isLeft(leased)) return ended(leased)
    const { decision, known: lease } = leased.right
    const served = pipe(
      decision.serve,
      O.map((token) => toProcessClock(token, lease)),
      O.filter(isValid),
    )
    if (O.isSome(served)) offer(served.value)
    // Another was first. What it wrote came with the answer.
    if (decision.work._tag !== 'Redeem') return { _tag: 'Again', found: O.some(lease) }
    const { parent, recovery } = decision.work
    const previous = pipe(
      decision.work.previous,
      O.map((token) => toProcessClock(token, lease)),
    )

    const redeemed = (answer: TokenSet): Acquired => {
      const token = taken(answer)
      return {
        event: (at) => ({
          _tag: 'Redeemed',
          parent,
          token: toStoreClock(token, at),
          now: plus(clock.now(), at.offset),
          backOff: millis(Math.max(minimumAge, PAUSE)),
          retryAt: owing.retryAt(at),
        }),
        beginAt: constVoid,
      }
    }
    const place = placeOf(parent)

    const failed = async (error: AuthError.AuthError, isLate = false): Promise<Turn> => {
      const left = pipe(
        previous,
        O.filter(() => !lease.cell.refused),
        O.flatMap(({ expiresAt }) => expiresAt),
        O.match(
          () => millis(0),
          (end) => between(clock.now(), end),
        ),
      )
      const failure = toFailure(error, previous, !selfSufficient, restOf(left, uniform(random)()))
      if (!isLate) tell({ _tag: 'RenewalFailed', error })
      const applied = await apply(
        (at) => ({ _tag: 'Failed', parent, nonce: own, now: plus(clock.now(), at.offset), failure }),
        lease,
        // What the server said counts for everybody, also when this flight has spent its time on waiting.
        after(timeout),
      )
      if (E.isRight(applied) && applied.right.decision.work._tag === 'Again') return again
      // That there was no answer was told at the deadline.
      if (isLate && failure._tag !== 'Unknown') tell({ _tag: 'RenewalFailed', error })
      if (failure._tag === 'InvalidGrant') {
        // A verdict that is not written is none: the next call asks again.
        if (E.isLeft(applied)) return ended(applied)
        tell({ _tag: 'LoginRequired' })
        return ended(E.left(AuthError.reauthenticationRequired('refresh token rejected', AuthError.answer(error))))
      }
      if (failure._tag === 'NotSent' && error._tag !== 'Closed') backOff = backOffAfter(backOff, error, clock.now())
      return ended(E.left(error))
    }

    // A late answer of this process's own is on its way to the store, or in it already.
    const isElsewhere = pipe(
      cache.known,
      O.exists(({ cell }) => placeOf(cell) !== place),
    )
    if (answered.has(place) || isElsewhere) return again
    // Only a young lease permits sending: with an old one it may be somebody else's turn.
    if (isClosed()) return failed(AuthError.closed)
    const sendBy = earliest(plus(lease.readAt, MARGIN), deadline)
    if (clock.now() >= sendBy) return failed(AuthError.timedOut('the token store'))
    tell({ _tag: 'Renewing', epoch: parent.epoch, generation: parent.generation, recovery })
    const limits: Bounds = { deadline: plus(lease.readAt, timeout) }
    const attempt: Strategy.Attempt = {
      previous: pipe(
        previous,
        O.map((token) => dated(clock, token)),
      ),
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
      if (E.isRight(answer)) answered.add(place)
      return answer
    })
    const result = await lastWord(clock, limits, late, () => running)()
    if (E.isLeft(result) && result.left === late) {
      // A late answer may bring the only valid refresh token, or say that there is none: it counts by lineage, whoever holds the
      // lease.
      void running.then((answer) =>
        track<unknown>(
          E.isRight(answer)
            ? commitExclusively(redeemed(answer.right), O.none)
            : exclusively(after(timeout), async () => E.right(await failed(answer.left, true))),
        ),
      )
    }
    if (E.isLeft(result)) return failed(result.left)
    const committed = await commit(redeemed(result.right), O.some(lease), after(timeout))
    if (E.isLeft(committed)) return ended(committed)
    const { serve, work: todo } = committed.right.decision
    const token = pipe(
      serve,
      O.map((of) => toProcessClock(of, committed.right.known)),
    )
    if (O.isSome(token) && isValid(token.value)) return ended(E.right(token.value))
    if (todo._tag !== 'None') return again
    const useless = AuthError.malformed({
      what: 'answer of the strategy',
      ...(O.isSome(token)
        ? { path: 'expiresAt', expected: 'a time to come, also when the token is stored' }
        : { path: 'accessToken', expected: 'another token than the one that was refused' }),
      repeatable: true,
    })
    backOff = backOffAfter(backOff, useless, clock.now())
    return ended(E.left(useless))
  }

  /** What is known, brought to the present. Its use is safe: a lease is written only onto the version that it names. */
  const present = (): O.Option<Known> => {
    const now = clock.now()
    return pipe(
      cache.known,
      // Another's intent, and a cool-down, are timed by what a read says, not by a projection.
      O.filter(({ cell }) => now < cache.readUntil && O.isNone(cell.intent) && cell.verdict._tag === 'None'),
      O.map((known) => ({ ...known, readAt: now })),
    )
  }

  const wantsRedemption = (known: Known): boolean =>
    Lifecycle.step(view)(request('')(known))(known.cell)[0].work._tag === 'Redeem'

  const fail = (reason: 'LogInAgain' | 'Revoked' | 'NothingToRedeem'): Result<never> =>
    E.left(
      AuthError.reauthenticationRequired(
        reason === 'LogInAgain' ? 'refresh token rejected' : reason === 'Revoked' ? 'revoked' : 'nothing to redeem',
      ),
    )

  /** A strategy that could not be made writes nothing: a lease of it would clear a tombstone, and be in the way of those that were. */
  const failUnmade = (error: AuthError.AuthError): Result<never> => {
    if (!holds(backOff, clock.now())) {
      tell({ _tag: 'RenewalFailed', error })
      backOff = backOffAfter(backOff, error, clock.now())
    }
    return E.left(error)
  }

  const redeemExclusively = (from: Known, deadline: Instant, offer: (token: TokenSet) => void) =>
    exclusively(deadline, async (): Promise<Result<Turn>> => {
      // What was read outside the user's lock may be over.
      const at = store.exclusive === undefined ? E.right(from) : await read(deadline)
      return E.isLeft(at) ? at : E.right(await redeem(at.right, deadline, offer))
    })

  /** A token as a new session after the one that is known: at the start, or else when the store is first heard of. */
  const beginning = (token: TokenSet, start: O.Option<Known>, retryAt = owing.retryAt): Acquired => {
    const own = nonce(random)()
    let from = O.isSome(start) ? Lifecycle.placeOf(start.value.cell) : undefined
    return {
      event: (found) => {
        from ??= Lifecycle.placeOf(found.cell)
        return { _tag: 'LoggedIn', from, nonce: own, token: toStoreClock(token, found), retryAt: retryAt(found) }
      },
      beginAt: (place) => {
        from ??= place
      },
    }
  }

  const writeInitial = async (known: Known): Promise<Result<boolean>> => {
    if (O.isNone(initial) || known.version !== Store.absent) return E.right(false)
    // If it comes second, it is the session that others began, or its ancestor: a revoke would end theirs, unless that is over.
    const first = beginning(initial.value, O.some(known), (found) =>
      found.cell.verdict._tag === 'Revoked' ? owing.retryAt(found) : O.none,
    )
    initial = O.none
    return pipe(
      await commitExclusively(first, O.some(known)),
      E.map(() => true),
    )
  }

  /** Turn by turn, until a token is served or the flight fails. */
  const fly = async (
    deadline: Instant,
    isOver: () => boolean,
    offer: (token: TokenSet) => void,
  ): Promise<Result<TokenSet>> => {
    let found: O.Option<Known> = O.none
    for (let first = true; clock.now() < deadline && !isOver(); first = false) {
      if (isClosed()) return E.left(AuthError.closed)
      if (pending.size > 0) {
        const flushed = await flushExclusively(deadline)
        if (E.isLeft(flushed)) return flushed
      }
      await refusing.settled()

      const remembered = first && refusing.tokens().length === 0 && !holds(backOff, clock.now()) ? present() : O.none
      const from = pipe(
        found,
        O.orElse(() => pipe(remembered, O.filter(wantsRedemption))),
      )
      found = O.none
      const there: Result<Known> = O.isSome(from) ? E.right(from.value) : await read(freshness(deadline))
      if (E.isLeft(there)) return there
      const wrote = await writeInitial(there.right)
      if (E.isLeft(wrote)) return wrote
      if (wrote.right) continue
      let known = there.right
      for (const access of refusing.tokens()) {
        const applied = await apply(refusedAt(access), known, deadline)
        if (E.isLeft(applied)) return applied
        refusing.forget(access)
        known = applied.right.known
      }

      const [{ serve, work: todo }] = Lifecycle.step(view)(request('')(known))(known.cell)
      const token = pipe(
        serve,
        O.map((of) => toProcessClock(of, known)),
        // It may have expired while the answer of the store was on its way.
        O.filter(isValid),
      )
      if (O.isSome(token)) offer(token.value)
      if (unmade !== undefined && (todo._tag === 'Redeem' || todo._tag === 'Fail')) return failUnmade(unmade)
      switch (todo._tag) {
        case 'Redeem': {
          if (holds(backOff, clock.now())) return E.left(backOff.error)
          const turn = await redeemExclusively(known, deadline, offer)
          if (E.isLeft(turn)) return turn
          if (turn.right._tag === 'Ended') return turn.right.result
          found = turn.right.found
          break
        }
        case 'Fail':
          return fail(todo.reason)
        case 'Wait': {
          const until = plus(todo.until, millis(-known.offset))
          tell({ _tag: 'Waiting', until: dateOf(clock, until) })
          if (known.cell.verdict._tag === 'CoolingDown' && until >= deadline) {
            return E.left(backOff?.error ?? AuthError.timedOut('the back-off that the server asked for'))
          }
          if (isLatest(known)) await changes.wait(earliest(until, deadline))
          break
        }
        default:
          if (O.isSome(token)) {
            backOff = undefined
            return E.right(token.value)
          }
      }
    }
    return E.left(AuthError.timedOut('a renewal'))
  }

  const isKnown = ({ version }: Known): boolean =>
    pipe(
      cache.known,
      O.exists((there) => there.version === version),
    )
  /** Nothing else was told, or written here, since it was read. */
  const isLatest = (known: Known): boolean => O.isNone(cache.unread) && isKnown(known)

  /** While a token is valid, nobody waits long to hear whether another process has ended it. */
  const freshness = (deadline: Instant): Instant =>
    isUsable(cache, clock) ? earliest(deadline, after(READ_PATIENCE)) : deadline

  const takeOff = (): Flight => {
    let offer: (token: TokenSet) => void = () => undefined
    const offered = new Promise<Result<TokenSet>>((resolve) => {
      offer = (token) => resolve(E.right(dated(clock, token)))
    })
    const deadline = after(patience)
    let isOver = false
    const flying = track(
      guard(
        (threw) => AuthError.storeFailed('get', `it ${threw}`),
        () => () => fly(deadline, () => isOver, renewal === 'background' ? offer : () => undefined),
      )(),
    )
    const landed = race(clock, { deadline }, AuthError.timedOut('a renewal'), AuthError.aborted, () => flying)().then(
      (flown) => {
        const result = pipe(
          flown,
          E.map((token) => dated(clock, token)),
        )
        isOver = true
        // Otherwise another's change came meanwhile, of which nothing was read yet.
        const isUpToDate = flight === current
        if (isUpToDate) flight = undefined
        if (O.isSome(cache.known) && !isClosed()) owing.meet(cache.known.value)
        if (E.isRight(result) && clock.now() < cache.freshUntil) return result
        pausedUntil = after(PAUSE)
        if (E.isRight(result) || !isUsable(cache, clock)) return result
        // The renewal failed, and the token is valid still.
        if (isUpToDate && clock.now() >= cache.readUntil) pauseRead(pausedUntil)
        if (result.left._tag === 'StoreFailed') postpone(clock.now())
        return cache.result
      },
    )
    const current: Flight = { served: Promise.race([offered, landed]), landed }
    flight = current
    return current
  }

  /** A flight that began for others; what it offered, or brings, may be over since, and what is cached is not. */
  const joined = async ({ served, landed }: Flight): Promise<Result<TokenSet>> => {
    const resultOf = (flown: Result<TokenSet>): Promise<Result<TokenSet>> | undefined =>
      E.isLeft(flown) || isClosed() ? Promise.resolve(flown) : isUsable(cache, clock) ? cache.result : undefined
    // Without a token that is valid here, what was offered is over: revoked or refused meanwhile.
    const offered = resultOf(await (isUsable(cache, clock) ? served : landed))
    return offered ?? resultOf(await landed) ?? (flight ?? takeOff()).landed
  }

  const slow = (): Promise<Result<TokenSet>> => {
    if (isClosed()) return Promise.resolve(E.left(AuthError.closed))
    const now = clock.now()
    if (now < cache.usableUntil && now < cache.readUntil) {
      if (flight === undefined && now >= pausedUntil && !holds(backOff, now)) takeOff()
      return renewal === 'background' || flight === undefined ? cache.result : flight.landed
    }
    if (flight !== undefined) {
      if (isUsable(cache, clock)) return joined(flight)
      flight.joined ??= joined(flight)
      return flight.joined
    }
    // Another process may have renewed meanwhile: the record is read again once a pause.
    const isAtRest = now < pausedUntil && pending.size === 0 && !isUsable(cache, clock)
    if (holds(backOff, now) && isAtRest) return Promise.resolve(E.left(backOff.error))
    return takeOff().served
  }

  const get: TaskEither<AuthError.AuthError, TokenSet> = () =>
    clock.now() < cache.freshUntil && !isOver() ? cache.result : slow()

  // ---------------------------------------------------------------------------
  // refuse, login, revoke, close
  // ---------------------------------------------------------------------------

  const accepting = makeAccepting((event, known) => {
    const deadline = after(timeout)
    return track(exclusively(deadline, () => apply(() => event, known, deadline)))
  })

  const refusedAt =
    (access: Secret.Secret) =>
    (at: Known): SessionEvent => ({
      _tag: 'Refused',
      access,
      now: plus(clock.now(), at.offset),
      accepted: accepting.isAccepted(access),
      minimumAge,
    })

  const isOf = ({ cell }: Known, used: Secret.Secret): boolean =>
    O.isSome(cell.token) && Secret.eq.equals(cell.token.value.accessToken, used)

  /** What is not known to be the session's token is for the record to judge. */
  const isHeardNow = (used: Secret.Secret): boolean =>
    pipe(
      cache.known,
      O.filter((at) => isOf(at, used)),
      O.match(constTrue, (at) => Lifecycle.step(view)(refusedAt(used)(at))(at.cell)[1] !== at.cell),
    )

  const refuse =
    (used: Secret.Secret<'AccessToken'>): TaskEither<AuthError.AuthError, void> =>
    async () => {
      if (isClosed()) return E.left(AuthError.closed)
      const writing = refusing.writing(used)
      if (writing !== undefined) return writing
      const isCurrent = O.isSome(cache.token) && Secret.eq.equals(cache.token.value.accessToken, used)
      // Ten thousand callers of one token are answered by one write.
      if (!isCurrent && refusing.isLast(used)) return E.right(undefined)
      if (!isHeardNow(used)) return E.right(undefined)
      if (isCurrent) expire()
      flight = undefined
      const deadline = after(timeout)
      const write = async (): Promise<Result<boolean>> => {
        const applied = await exclusively(deadline, () => persist(refusedAt(used), O.none, deadline))
        if (E.isLeft(applied)) return applied
        const { known } = applied.right
        // Not heard: another token was refused too lately.
        const isHeard = !isOf(known, used) || known.cell.refused
        if (isHeard) tell({ _tag: 'Refused' })
        return E.right(isHeard)
      }
      return track(refusing.write(used, write))
    }

  /** Commits a token as a new session. When another login, or a revoke, came first, the session is theirs. */
  const begin = async (token: TokenSet, start: O.Option<Known>): Promise<Result<TokenSet>> => {
    initial = O.none
    const applied = await commitExclusively(beginning(token, start), O.none)
    if (E.isLeft(applied)) return applied
    supersede()
    const { decision, known } = applied.right
    const isOurs = O.isSome(decision.serve) || decision.work._tag === 'Again'
    // It may have expired while it was written.
    if (isOurs && isValid(token)) return E.right(dated(clock, token))
    return known.cell.verdict._tag === 'Revoked' ? fail('Revoked') : get()
  }

  /** As `begin`; what comes when the source is closed must not stay alive. */
  const takeIn = async (token: TokenSet, start: O.Option<Known>): Promise<Result<TokenSet>> => {
    if (!isClosed()) return begin(taken(token), start)
    tell({ _tag: 'Discarded', revoked: await owing.drop(token) })
    return E.left(AuthError.closed)
  }

  const login =
    (limits: Limits) =>
    <R2>(interactive: Strategy.Strategy<R2>) =>
    (theirs: R2): TaskEither<AuthError.AuthError, TokenSet> => {
      const acquire = async (): Promise<Result<TokenSet>> => {
        const start = await read(after(timeout))
        if (E.isLeft(start)) return start
        // What is being revoked might end what is granted now.
        const { deadline = instant(Number.POSITIVE_INFINITY), signal } = limits
        const late = AuthError.timedOut('the login')
        const quiet = await race(env.clock, { deadline, signal }, late, AuthError.aborted, () =>
          owing.settled().then(E.right),
        )()
        if (E.isLeft(quiet)) return quiet
        return interactively(env.clock, limits, interactive, theirs, (token) => {
          loggingIn.delete(acquire)
          return track(takeIn(token, O.some(start.right)))
        })()
      }
      // A close waits for its token, which is revoked then.
      return async () => {
        if (isClosed()) return E.left(AuthError.closed)
        loggingIn.add(acquire)
        return logins.track(acquire()).finally(() => loggingIn.delete(acquire))
      }
    }

  const adopt: TokenSource['adopt'] = (token) => async () => {
    const whole = given('adopt.token')(token)
    return E.isLeft(whole) ? whole : track(takeIn(whole.right, O.none))
  }

  const revokeSession = async (): Promise<Result<Revocation>> => {
    const deadline = after(timeout)
    // What was given at the start is of the session that ends.
    if (O.isSome(initial)) {
      const wrote = await pipe(
        await read(deadline),
        E.match(async (error) => E.left(error), writeInitial),
      )
      if (E.isLeft(wrote)) return wrote
    }
    const own = nonce(random)()
    let from: Lifecycle.Place | undefined
    const applied = await exclusively(deadline, () =>
      persist(
        (known) => {
          // Asked of the epoch that is there at first: a re-sent revoke never ends a later login.
          if (from === undefined) {
            from = Lifecycle.placeOf(known.cell)
            // What waits for the store came before: it begins here too, and not on the tombstone.
            for (const acquired of pending) acquired.beginAt(from)
          }
          return { _tag: 'RevokeAsked', from, nonce: own, retryAt: owing.retryAt(known) }
        },
        O.none,
        deadline,
      ),
    )
    if (E.isLeft(applied)) return applied
    supersede()
    initial = O.none
    const { decision, known } = applied.right
    const tokens = decision.work._tag === 'RevokeAtServer' ? decision.work.tokens : []
    if (tokens.length > 0) tell({ _tag: 'Revoked' })
    // By the record that was written just now: later, a session may have begun.
    const paid = await owing.pay(tokens, known, deadline)
    return pipe(
      await flushExclusively(deadline),
      E.flatMap(() => paid),
    )
  }

  const revoke: TaskEither<AuthError.AuthError, Revocation> = async () =>
    isClosed() ? E.left(AuthError.closed) : track(revokeSession())

  const close: TokenSource['close'] =
    (options = {}) =>
    async () => {
      const first = !isClosing
      isClosing = true
      if (pending.size > 0) void track(read(after(timeout)).then(placeHeld))
      expire()
      changes.end()
      const revoked: Result<unknown> =
        first && (options.revoke ?? store.ephemeral ?? false) ? await track(revokeSession()) : E.right(undefined)
      // What was sent is waited for as long as it may take; what hangs beyond that keeps nobody.
      const patient = { deadline: after(patience) }
      await race(clock, patient, undefined, undefined, () => logins.settled().then(settled).then(E.right))()
      // An answer may have come in a stall that used up that time. A commit ends by its own deadline.
      await commits.settled()
      const flushed = await track(flushExclusively(after(timeout)))
      if (first) tell({ _tag: 'Closed' })
      return pipe(
        revoked,
        E.flatMap(() => flushed),
      )
    }

  const inspect: TaskEither<AuthError.AuthError, Inspection> = async () =>
    pipe(await read(after(timeout)), E.map(inspection))

  const inspection = (known: Known): Inspection => {
    const { cell } = known
    const token = pipe(
      cell.token,
      O.map((of) => dated(clock, toProcessClock(of, known))),
    )
    const expiresAt = pipe(
      token,
      O.flatMap((of) => of.expiresAt),
    )
    const waiting =
      cell.verdict._tag === 'CoolingDown'
        ? O.some(cell.verdict.until)
        : pipe(
            cell.intent,
            O.map(({ until }) => until),
          )
    return {
      key,
      epoch: cell.epoch,
      generation: cell.generation,
      state:
        cell.verdict._tag === 'Revoked'
          ? 'revoked'
          : O.isNone(token)
            ? 'empty'
            : Lifecycle.isUsable(view, storeNow(known))(cell)
              ? 'valid'
              : cell.verdict._tag === 'LogInAgain'
                ? 'log in again'
                : cell.refused
                  ? 'refused'
                  : 'expired',
      expiresAt,
      renewsAt: pipe(
        expiresAt,
        O.map((at) => plus(at, millis(-cache.early))),
      ),
      refreshToken: pipe(
        token,
        O.exists((of) => O.isSome(of.refreshToken)),
      ),
      scope: pipe(
        token,
        O.match(
          () => [],
          (of) => of.scope,
        ),
      ),
      waitingUntil: pipe(
        waiting,
        O.map((until) => dateOf(clock, plus(until, millis(-known.offset)))),
      ),
    }
  }

  // ---------------------------------------------------------------------------
  // the source
  // ---------------------------------------------------------------------------

  const peek: TokenSource['peek'] = () => {
    const isUnread = O.isNone(cache.known) && !isClosed()
    const token = isUsable(cache, clock) && !isOver() ? cache.token : isUnread ? O.filter(isValid)(initial) : O.none
    return O.map((of: TokenSet) => dated(clock, of))(token)
  }

  const limited = (limits: Limits): TokenSource => {
    const bound = <A>(what: string, use: TaskEither<AuthError.AuthError, A>): TaskEither<AuthError.AuthError, A> => {
      if (limits.deadline === undefined && limits.signal === undefined) return use
      const { signal, deadline = instant(Number.POSITIVE_INFINITY) } = limits
      const raced: Bounds = { deadline, signal }
      return race(env.clock, raced, AuthError.timedOut(what), AuthError.aborted, use)
    }
    /** As `bound`, of what is done all the same when its caller is interrupted. */
    const begun =
      <A>(what: string, use: TaskEither<AuthError.AuthError, A>): TaskEither<AuthError.AuthError, A> =>
      () => {
        const done = use()
        return bound(what, () => done)()
      }
    const bounded = bound('a renewal', get)
    /** A caller who has no time to hear whether a valid token was changed is given it. */
    const servedInTime: TaskEither<AuthError.AuthError, TokenSet> = async () => {
      const got = await bounded()
      return E.isLeft(got) && got.left._tag === 'TimedOut' && isUsable(cache, clock) && !isOver() ? cache.result : got
    }
    return {
      key,
      get: limits.deadline === undefined ? bounded : servedInTime,
      peek,
      refuse: (used) => bound('the token store', refuse(used)),
      accept: (used) => accepting.accept(used, isClosed() ? O.none : cache.known),
      login: login(limits),
      adopt: (token) => begun('the token store', adopt(token)),
      revoke: bound('a revocation', revoke),
      close: (options) => begun('the close', close(options)),
      closed: isClosed,
      settled,
      inspect: bound('the token store', inspect),
      within: limited,
    }
  }

  /** Dropped by its collection. While somebody logs in, the store keeps what it knows of the key. */
  let isResting = false
  const restWhenIdle = (): void => {
    if (!isResting || !logins.isIdle()) return
    changes.end()
    hear(O.none)
  }

  const session: Session = {
    source: limited({}),
    isUnmade: unmade !== undefined,
    busy: () => !isIdle() || pending.size > 0 || refusing.tokens().length > 0,
    rest: () => {
      isResting = true
      restWhenIdle()
    },
  }
  return session
}
