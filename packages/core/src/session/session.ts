import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { dated, type ProcessClock, processClock } from '../internal/processClock.js'
import { makeRevoking } from '../internal/revoking.js'
import { tellTo } from '../internal/tell.js'
import { makeWork } from '../internal/work.js'
import { uniform } from '../Random.js'
import type { Strategy } from '../Strategy.js'
import { type Duration, millis, plus, seconds } from '../Time.js'
import type { TokenSet } from '../TokenSet.js'
import type { SourceConfig, SourceEnv, TokenSource } from '../TokenSource.js'
import { makeAccepting } from './accepting.js'
import { bounded } from './bounded.js'
import { isKnown, isUsable, makeCache, toProcessClock } from './cache.js'
import { makeChanges } from './changes.js'
import { makeClosing } from './closing.js'
import { type Context, isValid, settingsOf } from './context.js'
import { makeEnding } from './ending.js'
import { makeFlights } from './flight.js'
import { makeInitial } from './initial.js'
import { inspection } from './inspection.js'
import { makeListening } from './listening.js'
import { makeLock } from './lock.js'
import { makeLogin } from './login.js'
import { makeOrder, type Order } from './order.js'
import { makeOutbox } from './outbox.js'
import { makeOwing } from './owing.js'
import { makePauses } from './pauses.js'
import { makeRecords } from './records.js'
import { makeRedeem } from './redeem.js'
import { makeRefusal } from './refusal.js'
import { makeRefusing } from './refusing.js'
import { makeTurns } from './turns.js'

/** A source, and the properties by which a collection of sources handles it. */
export interface Session {
  readonly source: TokenSource
  /**
   * Whether work is in progress (a renewal, a write, a revocation) or a token is unsaved: the session must not be evicted then. Logins do
   * not count, since they may take minutes. `working` keeps an evicted session as long as its login runs.
   */
  readonly busy: () => boolean
  /**
   * Ends the change subscription, after the logins in progress. The session may be used again, and then reads the record and subscribes
   * again.
   */
  readonly rest: () => void
  /** The strategy could not be created. Later callers of this key must not get this session. */
  readonly isUnmade: boolean
}

/** What the sessions of a collection share. */
export interface Collection {
  /** Whether the collection is closed. Its sessions then refuse new work, as after their own close. */
  readonly isClosed: () => boolean
  readonly order: Order
  /** Sessions with work in progress or unsaved tokens, including those already evicted. Closing the collection closes them as well. */
  readonly working: Set<Session>
}

/**
 * The runtime of the lifecycle, for one key in one process. It creates the parts and connects them. All decisions about tokens are made
 * by `Lifecycle.step`.
 */
export const makeSession = <R>(
  config: SourceConfig<R>,
  strategy: Strategy<R>,
  env: R & SourceEnv,
  collection?: Collection,
  clock: ProcessClock = processClock(env.clock),
): Session => {
  const { store, revocation } = config
  const { random } = env
  const settings = settingsOf(config, strategy, env)
  const { key, timeout, hold } = settings
  const unmade = strategy.traits?.error
  const telling = tellTo(config.observe)
  const tell: Context['tell'] = (event) => telling({ key, ...event })
  const after = (duration: Duration) => plus(clock.now(), duration)

  // The work in progress, and closing.
  const { isClosed, isOver, begin: beginClosing } = makeClosing(collection?.isClosed)
  const isIdle = (): boolean => work.isIdle() && logins.isIdle() && outbox.isEmpty()
  const report = (): void => void (isIdle() ? collection?.working.delete(session) : collection?.working.add(session))
  const work = makeWork(report)
  const logins = makeWork(() => {
    report()
    listening.onIdle()
  })
  const order = collection?.order ?? makeOrder()

  // The record: cache, subscription and store calls.
  const refusing = makeRefusing()
  const control = makeCache(
    {
      renewBefore: config.renewBefore,
      maxStale: config.maxStale ?? seconds(60),
      dated: (token) => dated(clock, token),
      draw: uniform(random),
    },
    ({ accessToken }) => !isClosed() && !refusing.has(accessToken),
  )
  const { cache, memory } = control
  const changes = makeChanges(store, key, { clock, random }, (version) => {
    const by = control.hear(version)
    if (by === 'known') return
    if (by === 'another') flights.restart()
    changes.wake()
  })
  const listening = makeListening(changes, control, { isClosed, isIdle: logins.isIdle })
  const records = makeRecords(
    store,
    key,
    { clock, random },
    {
      ...memory,
      attend: listening.attend,
      adopt: (snapshot, begun) => {
        const isNew = !isKnown(cache, snapshot)
        memory.adopt(snapshot, begun)
        // The notification of our own write can arrive before the write's answer. A flight that started waiting in between missed the
        // notification. The answer therefore wakes it.
        if (isNew && isKnown(cache, snapshot)) changes.wake()
      },
      restored: ({ cell: { epoch, generation } }) => tell({ _tag: 'Restored', epoch, generation }),
    },
    hold,
  )
  const exclusively = makeLock(store, key, clock)
  const { track } = work
  const context: Context = {
    ...settings,
    clock,
    random,
    store,
    cache,
    records,
    exclusively,
    isClosed,
    track,
    tell,
    after,
  }

  // Unsaved tokens, and tokens to revoke.
  const pauses = makePauses(clock)
  const owing = makeOwing({
    server: makeRevoking(revocation, timeout, env),
    ends: revocation === undefined ? undefined : (revocation.ends ?? 'all'),
    outside: (token, snapshot) => dated(clock, toProcessClock(token, snapshot)),
    now: clock.now,
    deadline: () => after(timeout),
    isBeginning: () => !outbox.isEmpty() || order.isBeginning(key),
    revocations: {
      track: (revocation) => order.revoking(key, revocation),
      settled: () => order.settled(key),
    },
    read: records.read,
    apply: records.apply,
    persist: (event) => {
      const deadline = after(timeout)
      return exclusively(deadline, () => records.persist(event, O.none, deadline))
    },
  })
  const outbox = makeOutbox(context, isOver, { order, owing, pauses })
  const initial = makeInitial(context, config, { outbox, owing })

  // Renewal.
  const accepting = makeAccepting((event, snapshot) => {
    const deadline = after(timeout)
    return track(exclusively(deadline, () => records.apply(() => event, snapshot, deadline)))
  })
  const restart = (): void => flights.restart()
  const refusal = makeRefusal(context, { refusing, accepting, expire: control.expire, restart })
  const redeem = makeRedeem(context, strategy, env, { outbox, owing, pauses })
  const turns = makeTurns(context, { outbox, pauses, refusal, initial, changes, redeem, unmade })
  const flights = makeFlights(context, { isOver, outbox, owing, pauses, memory: control, turns })

  // Login, revoke and close.
  const supersede = (): void => {
    flights.restart()
    pauses.end()
  }
  const { revoke, revokeLogin, close } = makeEnding(context, {
    order,
    closing: { isClosed, isOver, begin: beginClosing },
    initial,
    outbox,
    owing,
    supersede,
    silence: () => {
      control.expire()
      changes.end()
    },
    settled: () => logins.settled().then(work.settled),
  })
  const { login, adopt } = makeLogin(context, {
    clock: env.clock,
    logins,
    order,
    initial,
    outbox,
    owing,
    supersede,
    revokeLogin,
    get: flights.get,
  })

  const peek: TokenSource['peek'] = () => {
    const isUnread = O.isNone(cache.snapshot) && !isClosed()
    const given = isUnread ? O.filter((of: TokenSet) => isValid(context, of))(initial.token()) : O.none
    const token = isUsable(cache, clock) && !isOver() ? cache.token : given
    return pipe(
      token,
      O.map((of) => dated(clock, of)),
    )
  }

  const session: Session = {
    source: bounded(
      env.clock,
      {
        key,
        get: (minValid) => (minValid === undefined ? flights.get : flights.lasting(minValid)),
        cached: (minValid) => (flights.suffices(minValid ?? millis(0)) && !isOver() ? O.some(cache.result) : O.none),
        peek,
        invalidate: refusal.invalidate,
        accept: (used) => accepting.accept(used, isClosed() ? O.none : cache.snapshot),
        login,
        adopt,
        revoke,
        close,
        closed: isClosed,
        settled: work.settled,
        inspect: async () =>
          pipe(
            await records.read(after(timeout)),
            E.map((snapshot) => inspection(context, snapshot)),
          ),
      },
      {},
    ),
    isUnmade: unmade !== undefined,
    busy: () => !work.isIdle() || !outbox.isEmpty(),
    rest: listening.drop,
  }
  return session
}
