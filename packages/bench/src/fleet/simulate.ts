/**
 * A fleet of processes that share sessions through one store, as a discrete-event simulation.
 *
 * What is decided about tokens is decided by `Lifecycle.step`; when a process renews, and what a failure means to it, by the
 * code of a source. What is modelled here is what lies between: when callers come, the trips to Redis and to the server, and the
 * order of a flight's steps. A use that the process serves from its memory is no event: uses come as a Poisson process, so the
 * first one after a given instant can be drawn when it matters.
 */
import { Lifecycle, millis, instant as toInstant } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import { makeRandom } from '../random.js'
import { type Fleet, type Happening, MINUTE, type Ran, SECOND } from './Fleet.js'
import {
  backOffUntil,
  failureOf,
  type Outage,
  PRODUCTION_PAUSE,
  productionHold,
  productionPoll,
  productionPostponed,
  productionRetry,
} from './production.js'
import { makeQueue } from './queue.js'

/** Within which all processes of a deploy are back. */
const START = 10 * SECOND

/** A token: the model's numbers stand for its secrets. */
interface Token {
  readonly id: number
  readonly issuedAt: number
  readonly expiry: number
  readonly expiresAt: ReturnType<typeof at>
  readonly refresh: O.Option<number>
}
type Cell = Lifecycle.Cell<Token>

const at = (time: number) => O.some(toInstant(time))

const view: Lifecycle.View<Token, number> = {
  issuedAt: ({ issuedAt }) => at(issuedAt),
  expiresAt: ({ expiresAt }) => expiresAt,
  access: ({ id }) => id,
  refresh: ({ refresh }) => refresh,
  equals: (a, b) => a === b,
}
const step = Lifecycle.step(view)

/** What the next event of a process at a key is. */
type Stage = 'Use' | 'Read' | 'Lease' | 'Serve' | 'Commit' | 'Fail' | 'Wait' | 'Over'

/** What is next, and when. */
interface Plan {
  readonly stage: Stage
  readonly at: number
}

/** A key, as the store and the server have it. */
interface Session {
  cell: Cell
  version: number
  /** The refresh token that the server would redeem. */
  refresh: number
  readonly users: Array<User>
}

/** One process at one key. */
interface User {
  readonly id: number
  readonly session: Session
  readonly gap: number
  stage: Stage
  at: number
  /** What the process knows, and of which version; none after a start. */
  cell: Cell | undefined
  version: number
  /** For which token `early` was drawn. */
  drawnFor: number
  early: number
  readUntil: number
  pausedUntil: number
  failures: number
  backOffUntil: number
  /** The flight: its place in the lineage, its name, its deadline, what came of it. */
  parent: Lifecycle.Parent
  nonce: Lifecycle.Nonce
  sendsRefresh: number
  deadline: number
  pause: number
  token: Token | undefined
  failure: Lifecycle.Failure<number>
  /** The process ends when the flight has. */
  isLeaving: boolean
}

const NO_PARENT: Lifecycle.Parent = { epoch: 0, generation: 0, origin: O.none }
const NO_FAILURE: Lifecycle.Failure<number> = { _tag: 'Unknown' }
const NEVER = Number.NEGATIVE_INFINITY
const OVER: Plan = { stage: 'Over', at: Number.POSITIVE_INFINITY }

export const simulate = (fleet: Fleet, progress: (share: number) => void = () => undefined): Ran => {
  const { maxStale, timeout, hop, serverTime, lifetime, policy, lasts } = fleet
  const draw = makeRandom(fleet.seed)
  const jitter = policy.jitter(fleet.early)
  const hold = millis(productionHold(timeout))
  const queue = makeQueue()
  const minutes = Math.ceil(lasts / MINUTE)
  const renewals = new Uint32Array(minutes)
  const requests = new Uint32Array(minutes)
  const writes = new Uint32Array(minutes)
  const reads = new Uint32Array(minutes)
  let doubleRedemptions = 0
  let lost = 0
  let steps = 0
  let events = 0
  let tokens = 0
  let nonces = 0
  let isRedisDown = false
  let serverIs: Outage | 'up' = 'up'
  const expiredAtEnd: number[] = []

  const count = (series: Uint32Array, now: number): void => {
    const minute = Math.floor(now / MINUTE)
    series[minute] = (series[minute] ?? 0) + 1
  }
  /** How long until the next caller comes: the same whenever one asks. */
  const untilUse = ({ gap }: User): number => -gap * Math.log(1 - draw())

  const newToken = (issuedAt: number): Token => {
    const id = ++tokens
    return { id, issuedAt, expiry: issuedAt + lifetime, expiresAt: at(issuedAt + lifetime), refresh: O.some(id) }
  }

  // ---------------------------------------------------------------------------
  // the fleet
  // ---------------------------------------------------------------------------

  const users: User[] = []
  const byProcess: User[][] = Array.from({ length: fleet.processes }, () => [])

  const gapOf = (key: number): number => {
    let place = ((key % 1_000) + 0.5) / 1_000
    for (const { share, gap } of fleet.uses) {
      if (place < share) return gap
      place -= share
    }
    return fleet.uses.at(-1)?.gap ?? MINUTE
  }

  const plan = (user: User, { stage, at: time }: Plan): void => {
    user.stage = stage
    user.at = time
    if (time < lasts) queue.push(time, user.id)
  }

  /** The first caller from then on. */
  const idle = (user: User, from: number): Plan => ({ stage: 'Use', at: from + untilUse(user) })

  /** When callers find the token no longer fresh. */
  const dueOf = ({ cell, early }: User): number =>
    cell !== undefined && O.isSome(cell.token) ? cell.token.value.expiry - early : NEVER

  const isUsable = ({ cell }: User, now: number): boolean =>
    cell !== undefined && Lifecycle.isUsable(view, toInstant(now))(cell)

  /** How long the token that it knows may still be served. */
  const leftOf = (user: User, now: number): number =>
    user.cell !== undefined && O.isSome(user.cell.token) && isUsable(user, now) ? user.cell.token.value.expiry - now : 0

  const knows = (user: User, now: number): void => {
    const { cell, version } = user.session
    user.cell = cell
    user.version = version
    user.readUntil = now + maxStale
    if (O.isNone(cell.token)) return
    const { id, issuedAt, expiry } = cell.token.value
    if (id === user.drawnFor || now >= expiry) return
    user.drawnFor = id
    user.early = jitter({ issuedAt, expiresAt: expiry, now }, draw())
  }

  const forget = (user: User, now: number): Plan => {
    user.cell = undefined
    user.version = -1
    user.drawnFor = 0
    user.early = 0
    user.readUntil = NEVER
    user.pausedUntil = NEVER
    user.failures = 0
    user.backOffUntil = NEVER
    user.isLeaving = false
    return idle(user, now)
  }

  const open = (): void => {
    for (let key = 0; key < fleet.keys; key++) {
      const token = newToken(0)
      const session: Session = {
        cell: { ...Lifecycle.empty, epoch: 1, generation: 1, token: O.some(token) },
        version: 0,
        refresh: token.id,
        users: [],
      }
      const first = Math.floor(draw() * fleet.processes)
      const stride = 1 + Math.floor((draw() * (fleet.processes - 1)) / fleet.processesPerKey)
      for (let nth = 0; nth < fleet.processesPerKey; nth++) {
        const user: User = {
          id: users.length,
          session,
          gap: gapOf(key),
          stage: 'Use',
          at: 0,
          cell: undefined,
          version: -1,
          drawnFor: 0,
          early: 0,
          readUntil: NEVER,
          pausedUntil: NEVER,
          failures: 0,
          backOffUntil: NEVER,
          parent: NO_PARENT,
          nonce: '',
          sendsRefresh: 0,
          deadline: 0,
          pause: 0,
          token: undefined,
          failure: NO_FAILURE,
          isLeaving: false,
        }
        users.push(user)
        session.users.push(user)
        byProcess[(first + nth * stride) % fleet.processes]?.push(user)
        knows(user, 0)
        user.at = idle(user, dueOf(user)).at
      }
      // The fleet has run for long: at the start, a key may be anywhere between two renewals.
      const share = fleet.startsTogether === true ? 0 : draw()
      const age = share * session.users.reduce((first, user) => Math.min(first, user.at), Number.POSITIVE_INFINITY)
      const aged = { ...token, issuedAt: -age, expiry: lifetime - age, expiresAt: at(lifetime - age) }
      session.cell = { ...session.cell, token: O.some(aged) }
      for (const user of session.users) {
        user.cell = session.cell
        user.readUntil = NEVER
        plan(user, { stage: 'Use', at: user.at - age })
      }
    }
  }

  // ---------------------------------------------------------------------------
  // the store
  // ---------------------------------------------------------------------------

  const run = (event: Lifecycle.Event<Token, number>, cell: Cell): [Lifecycle.Decision<Token>, Cell] => {
    steps++
    return step(event)(cell)
  }

  const request = (user: User, nonce: Lifecycle.Nonce, now: number): Lifecycle.Event<Token, number> => ({
    _tag: 'Requested',
    nonce,
    now: toInstant(now),
    renewBefore: millis(user.early),
    hold,
    selfSufficient: false,
  })

  /** What others see of a change: who waits is woken, and who next looks finds it. */
  const publish = ({ users: all, version }: Session, by: User, now: number): void => {
    for (const other of all) {
      if (other === by) continue
      if (other.stage === 'Wait') plan(other, { stage: 'Read', at: now + 2 * hop })
      if (other.stage !== 'Use' || other.cell === undefined || other.version !== version - 1) continue
      // It may have looked within the last `maxStale`, and then it does not look again before that is over.
      if (now >= other.readUntil && draw() < maxStale / (maxStale + other.gap))
        other.readUntil = now + maxStale * draw()
      plan(other, idle(other, Math.max(now, Math.min(dueOf(other), other.readUntil))))
    }
  }

  const write = (user: User, cell: Cell, now: number): void => {
    const { session } = user
    count(writes, now)
    session.cell = cell
    session.version++
    publish(session, user, now)
    knows(user, now)
  }

  // ---------------------------------------------------------------------------
  // a process
  // ---------------------------------------------------------------------------

  /** Nothing is sent before `until`, and then by the first caller; one whose token is over comes back sooner. */
  const rest = (user: User, now: number): Plan => {
    user.pausedUntil = now + PRODUCTION_PAUSE
    const sendsAt = Math.max(user.backOffUntil, user.pausedUntil)
    return idle(
      user,
      isUsable(user, now) ? Math.min(sendsAt, Math.max(user.readUntil, user.pausedUntil)) : user.pausedUntil,
    )
  }

  const decide = (user: User, now: number): Plan => {
    const { cell } = user
    if (cell === undefined) return { stage: 'Read', at: now + hop }
    const { action } = run(request(user, '', now), cell)[0]
    switch (action._tag) {
      case 'Redeem':
        return now < user.backOffUntil ? rest(user, now) : { stage: 'Lease', at: now + 2 * hop }
      case 'Wait':
        return { stage: 'Wait', at: Math.min(action.until, now + productionPoll(draw())) }
      case 'Fail':
        return OVER
      default:
        user.failures = 0
        user.backOffUntil = NEVER
        if (now < dueOf(user)) return idle(user, dueOf(user))
        return cell.status._tag === 'CoolingDown'
          ? idle(user, Math.min(cell.status.until, user.readUntil))
          : rest(user, now)
    }
  }

  const onUse = (user: User, now: number): Plan => {
    // Whoever knows the latest has looked at it now and then since; when, is drawn now.
    if (now >= user.readUntil && user.version === user.session.version && draw() < maxStale / (maxStale + user.gap)) {
      user.readUntil = now + maxStale * draw()
    }
    const { cell } = user
    if (user.token !== undefined) return { stage: 'Commit', at: now + hop }
    if (cell !== undefined && isUsable(user, now) && now < user.readUntil) {
      if (now < user.pausedUntil || now < user.backOffUntil) return rest(user, now)
      if (O.isNone(cell.lease) && cell.status._tag === 'None') return decide(user, now)
    }
    return { stage: 'Read', at: now + hop }
  }

  const storeFailed = (user: User, now: number): Plan => {
    const left = leftOf(user, now)
    if (left > 0) user.early = productionPostponed(left, user.early, (of) => policy.rest(of, draw()))
    return rest(user, now)
  }

  const onRead = (user: User, now: number): Plan => {
    count(reads, now)
    if (isRedisDown) return storeFailed(user, now)
    knows(user, now)
    return decide(user, now)
  }

  const onLease = (user: User, now: number): Plan => {
    if (isRedisDown) return storeFailed(user, now)
    const { session } = user
    if (user.version !== session.version) {
      // The conflict brings what is there.
      count(writes, now)
      knows(user, now)
      return decide(user, now)
    }
    const nonce = String(++nonces)
    const [{ action }, cell] = run(request(user, nonce, now), session.cell)
    if (action._tag !== 'Redeem' || O.isNone(action.previous)) return decide(user, now)
    write(user, cell, now)
    user.nonce = nonce
    user.parent = action.parent
    user.sendsRefresh = action.previous.value.id
    user.deadline = now + timeout
    return { stage: 'Serve', at: now + hop + serverTime / 2 }
  }

  const fails = (user: User, failure: Lifecycle.Failure<number>, time: number): Plan => {
    user.failure = failure
    return { stage: 'Fail', at: time }
  }

  const onServe = (user: User, now: number): Plan => {
    const { session } = user
    count(requests, now)
    const answered = now + serverTime / 2 + hop
    if (serverIs !== 'up') {
      const { _tag, wait } = failureOf(serverIs, policy.rest(leftOf(user, now), draw()))
      if (_tag === 'Unknown') return fails(user, { _tag }, user.deadline)
      const time = millis(wait)
      return fails(user, _tag === 'NotSent' ? { _tag, backOff: time } : { _tag, retryAfter: time }, answered)
    }
    if (session.refresh !== user.sendsRefresh) {
      doubleRedemptions++
      return fails(user, { _tag: 'InvalidGrant', refresh: user.sendsRefresh }, answered)
    }
    count(renewals, now)
    const token = newToken(now)
    session.refresh = token.id
    user.token = token
    user.pause = productionRetry(undefined)
    user.deadline = answered + timeout
    return { stage: 'Commit', at: answered }
  }

  const onCommit = (user: User, now: number): Plan => {
    const { token, session } = user
    if (token === undefined) return OVER
    if (isRedisDown) {
      const again = now + user.pause
      user.pause = productionRetry(user.pause)
      return { stage: 'Commit', at: again }
    }
    user.token = undefined
    user.failures = 0
    user.backOffUntil = NEVER
    const event = {
      _tag: 'Redeemed',
      parent: user.parent,
      token,
      now: toInstant(now),
      backOff: millis(PRODUCTION_PAUSE),
      retryAt: O.none,
    } as const
    const cell = run(event, session.cell)[1]
    if (cell === session.cell) return { stage: 'Read', at: now + hop }
    write(user, cell, now)
    return user.isLeaving ? forget(user, now) : idle(user, dueOf(user))
  }

  const onFail = (user: User, now: number): Plan => {
    const { failure, session, parent, nonce } = user
    if (!isRedisDown) {
      const cell = run({ _tag: 'Failed', parent, nonce, now: toInstant(now), failure }, session.cell)[1]
      if (cell.status._tag === 'LogInAgain' && session.cell.status._tag !== 'LogInAgain') lost++
      if (cell !== session.cell) write(user, cell, now)
    }
    if (failure._tag === 'NotSent') user.backOffUntil = backOffUntil(++user.failures, now)
    return user.isLeaving ? forget(user, now) : rest(user, now)
  }

  const go = (user: User, now: number): Plan => {
    switch (user.stage) {
      case 'Use':
        return onUse(user, now)
      case 'Read':
      case 'Wait':
        return onRead(user, now)
      case 'Lease':
        return onLease(user, now)
      case 'Serve':
        return onServe(user, now)
      case 'Commit':
        return onCommit(user, now)
      case 'Fail':
        return onFail(user, now)
      case 'Over':
        return OVER
    }
  }

  // ---------------------------------------------------------------------------
  // what happens to the fleet
  // ---------------------------------------------------------------------------

  /** A process ends as it is told to: what it has sent, it waits for and commits. */
  const restart = (process: number, now: number): void => {
    for (const user of byProcess[process] ?? []) {
      const isSent =
        user.stage === 'Serve' || user.stage === 'Commit' || user.stage === 'Fail' || user.token !== undefined
      if (isSent) user.isLeaving = true
      else if (user.stage !== 'Over') plan(user, forget(user, now))
    }
  }

  const changesOf = (happening: Happening): ReadonlyArray<readonly [number, () => void]> => {
    const { at: from, lasts: length } = happening
    const end = from + length
    const restarts = (over: number) =>
      byProcess.map((_, nth): readonly [number, () => void] => {
        const time = from + (over * nth) / fleet.processes
        return [time, () => restart(nth, time)]
      })
    const ends = (): void => {
      expiredAtEnd.push(sessions.filter(({ cell }) => O.isNone(cell.token) || cell.token.value.expiry <= end).length)
    }
    switch (happening._tag) {
      case 'Rolling restart':
        return restarts(length)
      case 'Deploy':
        return restarts(START)
      case 'Server down':
        return [
          [
            from,
            () => {
              serverIs = happening.how
            },
          ],
          [
            end,
            () => {
              serverIs = 'up'
              ends()
            },
          ],
        ]
      case 'Redis down':
        return [
          [
            from,
            () => {
              isRedisDown = true
            },
          ],
          [
            end,
            () => {
              isRedisDown = false
              ends()
            },
          ],
        ]
    }
  }

  open()
  const sessions = [...new Set(users.map(({ session }) => session))]
  const changes = fleet.happenings.flatMap(changesOf).sort(([one], [other]) => one - other)
  let nextChange = 0
  let said = 0
  for (let event = queue.pop(); event !== undefined; event = queue.pop()) {
    for (
      let change = changes[nextChange];
      change !== undefined && change[0] <= event.at;
      change = changes[nextChange]
    ) {
      nextChange++
      change[1]()
    }
    const user = users[event.whose]
    // Planned anew since: another entry has its time.
    if (user === undefined || user.at !== event.at) continue
    events++
    user.at = NEVER
    plan(user, go(user, event.at))
    if (event.at - said > lasts / 100) {
      said = event.at
      progress(said / lasts)
    }
  }
  const looks = users.reduce((sum, { gap }) => sum + 1 / (maxStale + gap), 0) * SECOND
  return { renewals, requests, writes, reads, doubleRedemptions, lost, expiredAtEnd, looks, steps, events }
}
