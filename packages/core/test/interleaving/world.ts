import type fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type {
  AuthError,
  Instant,
  SourceEvent,
  Stamped,
  Strategy,
  TokenSet,
  TokenSource,
  TokenStore,
} from '../../src/index.js'
import type { Core } from './loadCore.js'
import { type Mode, ModelServer } from './server.js'

// -----------------------------------------------------------------------------
// what a run is made of
// -----------------------------------------------------------------------------

export type Action =
  | { readonly _tag: 'deliver'; readonly count: number }
  | { readonly _tag: 'advance'; readonly ms: number }
  | Act

/** What a process does, or what happens to it. */
export interface Act {
  readonly _tag: 'get' | 'refuse' | 'revoke' | 'login' | 'crash' | 'close'
  readonly of: number
}

/** What befalls the calls to the server and the store, in their order; after the last, nothing. */
export type ServerFault = 'none' | 'not sent' | 'lost request' | 'lost answer' | 'late answer' | 'throttled' | 'busy'
export type StoreFault = 'none' | 'failed' | 'answer lost'

export interface Scenario {
  readonly mode: Mode
  readonly processes: number
  /** How the session's first token starts: near its end, or beyond. */
  readonly start: 'due' | 'ending' | 'expired'
  readonly renewal: 'background' | 'blocking'
  /** The store wakes waiters. */
  readonly wakes: boolean
  /** The store's clock minus everybody else's, in ms; none where it has no clock. */
  readonly storeClock: number | null
  readonly actions: ReadonlyArray<Action>
  readonly serverFaults: ReadonlyArray<ServerFault>
  readonly storeFaults: ReadonlyArray<StoreFault>
}

export const properties = [
  'one redemption',
  'lineage kept',
  'persisted before returned',
  'nothing resurrected',
  'no session lost',
  'terminal until a login',
  'every call settles',
  'served in the end',
  'refused is not served',
  'a lease ends when it said',
  'fresh is served from memory',
] as const
export type Property = (typeof properties)[number]

export interface Violation {
  readonly property: Property
  readonly detail: string
}

export interface Options {
  /** Hears what happens, for reading a counterexample. */
  readonly trace?: (line: string) => void
  readonly store?: (core: Core) => TokenStore
  readonly decorate?: (core: Core, strategy: Strategy<unknown>) => Strategy<unknown>
}

// -----------------------------------------------------------------------------
// the world
// -----------------------------------------------------------------------------

const TIMEOUT = 15_000
const PATIENCE = 2 * TIMEOUT + 5_000
/** The longest stall of a live process, and the longest life of a message. */
const STALL = 3_000
const LIFETIME = 3_600_000

interface Timer {
  readonly at: number
  readonly process: number
  readonly fire: () => void
}

interface Call {
  readonly what: string
  readonly process: number
  readonly by: number
  settled: boolean
}

/** Runs microtasks until nothing moves without a delivery or the clock. */
const still = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const never = <A>(): Promise<A> => new Promise<A>(() => undefined)

export const run = async (
  core: Core,
  scheduler: fc.Scheduler,
  scenario: Scenario,
  options: Options = {},
): Promise<ReadonlyArray<Violation>> => {
  const { mode, processes } = scenario
  const { Secret, TokenSet, AuthError, Strategy, TokenSource, CellCodec } = core
  const violations: Array<Violation> = []
  let now = 1_700_000_000_000
  const started = now
  const trace = (line: string): void => options.trace?.(`${now - started} ms: ${line}`)
  const violated = (property: Property, detail: string): void => {
    violations.push({ property, detail })
    trace(`VIOLATED ${property}: ${detail}`)
  }

  let timers: Array<Timer> = []
  const inFlight = new Map<object, number>()
  const dead = new Set<number>()
  const calls: Array<Call> = []
  const server = new ModelServer(mode, () => now)

  let anyFault = false
  // Without grace a session may be lost with the answer to a redemption, or with the write after it; not otherwise.
  let writeFailed = false
  let lostForGood = false
  /** Refresh tokens that the server redeemed for somebody who has not got the answer, by whom they were sent. */
  const unanswered = new Map<string, { readonly process: number; readonly isLost: boolean }>()
  /** Requests under way, by refresh token: until their sender is dead, has its answer, or has given up. */
  const sent = new Map<string, Set<{ readonly process: number; readonly deadline: number }>>()
  /** Refresh tokens that were asked for again while their answer was on its way: a stall longer than the intent. */
  const crossed = new Set<string>()
  const received = new Map<string, { readonly process: number; readonly access: string }>()
  let serverFault = 0
  let storeFault = 0
  let faultless = false

  const nextServerFault = (): ServerFault => {
    const fault = faultless ? 'none' : (scenario.serverFaults[serverFault++] ?? 'none')
    if (fault !== 'none') anyFault = true
    return fault
  }
  const nextStoreFault = (): StoreFault => {
    const fault = faultless ? 'none' : (scenario.storeFaults[storeFault++] ?? 'none')
    if (fault !== 'none') anyFault = true
    return fault
  }

  /** One leg of a message. It arrives when the scheduler says so, and within the longest stall by the clock. */
  const leg = async (label: string, isLate = false): Promise<void> => {
    const token = {}
    if (!isLate) inFlight.set(token, now)
    const born = now
    await scheduler.schedule(Promise.resolve(), label)
    inFlight.delete(token)
    if (now - born > 1_000) anyFault = true
  }

  /** A call over the network: the other side gets it whatever becomes of the caller. */
  const over = async <A>(process: number, label: string, effect: () => A, isLate = false): Promise<A> => {
    await leg(`${label} arrives`)
    const result = effect()
    await leg(`${label} is answered`, isLate)
    return dead.has(process) ? never() : result
  }

  // ---------------------------------------------------------------------------
  // the store, and what may be in it
  // ---------------------------------------------------------------------------

  const memory = options.store?.(core) ?? core.memoryStore()
  const everStored = new Set<string>()
  /** How many revokes had taken effect when the login that brought an access token began. */
  const tombstonesAtLogin = new Map<string, number>()
  const epochOf = new Map<string, number>()
  let tombstones = 0
  let epochNow = 0
  let isHeld = false
  const leftAlive = new Set<number | undefined>()
  type Cell = Extract<ReturnType<typeof CellCodec.decode>, { readonly _tag: 'Right' }>['right']
  const readCell = async (): Promise<Cell> => {
    const there = await memory.get('default')()
    if (E.isLeft(there)) throw new Error('the memory store failed')
    const cell = CellCodec.decode(there.right.record)
    if (E.isLeft(cell)) throw new Error('the record cannot be read')
    return cell.right
  }
  const accessOf = (cell: Cell): string | undefined =>
    O.isSome(cell.token) ? Secret.open(cell.token.value.accessToken) : undefined
  const refreshOf = (cell: Cell): string | undefined =>
    O.isSome(cell.token) && O.isSome(cell.token.value.refreshToken)
      ? Secret.open(cell.token.value.refreshToken.value)
      : undefined

  const judgeWrite = (before: Cell, after: Cell): void => {
    const place = (cell: Cell): string => `epoch ${cell.epoch}, generation ${cell.generation}`
    const change = `${place(before)} → ${place(after)}`
    if (after.epoch < before.epoch || after.generation < before.generation) violated('lineage kept', `back: ${change}`)
    trace(`store: ${change}, ${JSON.stringify(after)}, ${accessOf(after)}`)
    const tokenChanged = accessOf(before) !== accessOf(after)
    if (!tokenChanged && after.generation > before.generation && !before.refused) {
      violated('lineage kept', `a generation without a token: ${change}`)
    }
    if (tokenChanged && O.isSome(after.token)) {
      if (after.generation !== before.generation + 1)
        violated('lineage kept', `a token without a generation: ${change}`)
      if (after.epoch === before.epoch) {
        const parent = refreshOf(before)
        const child = refreshOf(after)
        if (parent !== undefined && child !== undefined && !server.isChild(parent, child)) {
          violated('lineage kept', `${child} is not redeemed from ${parent}: ${change}`)
        }
      }
    }
    if (before.verdict._tag === 'Revoked' && after.verdict._tag !== 'Revoked' && after.epoch === before.epoch) {
      violated('nothing resurrected', `a tombstone was overwritten: ${change}`)
    }
    const isLease = O.isSome(after.intent) && O.isSome(after.intent.value.nonce) && after.intent !== before.intent
    const isNewLease =
      isLease &&
      !(
        O.isSome(before.intent) &&
        O.isSome(before.intent.value.nonce) &&
        O.isSome(after.intent) &&
        before.intent.value.nonce.value === after.intent.value.nonce.value
      )
    if (
      O.isSome(before.intent) &&
      O.isSome(after.intent) &&
      O.toNullable(before.intent.value.nonce) === O.toNullable(after.intent.value.nonce) &&
      before.intent.value.until !== after.intent.value.until
    ) {
      violated('a lease ends when it said', `its end was moved: ${change}`)
    }
    if (before.verdict._tag === 'LogInAgain' && after.epoch === before.epoch) {
      if (isNewLease) violated('terminal until a login', `a lease after the verdict: ${change}`)
      if (after.verdict._tag === 'None' && after.generation === before.generation) {
        violated('terminal until a login', `the verdict is gone: ${change}`)
      }
    }
    if (
      before.verdict._tag === 'CoolingDown' &&
      before.verdict.until > now + (scenario.storeClock ?? 0) &&
      isNewLease
    ) {
      violated(
        'terminal until a login',
        `a lease ${before.verdict.until - now - (scenario.storeClock ?? 0)} ms before the end of the cool-down`,
      )
    }
    const loggedInAfter = accessOf(after) === undefined ? undefined : tombstonesAtLogin.get(accessOf(after) ?? '')
    if (tokenChanged && loggedInAfter !== undefined && loggedInAfter < tombstones) {
      violated('nothing resurrected', `a login from before a revoke: ${change}`)
    }
    if (after.verdict._tag === 'Revoked' && before.verdict._tag !== 'Revoked') tombstones++
    // A login replaces the session before it, which nobody asked to revoke.
    const replaced = accessOf(before)
    if (after.epoch > before.epoch && after.verdict._tag !== 'Revoked' && replaced !== undefined) {
      leftAlive.add(server.familyOf(replaced))
    }
    const stored = accessOf(after)
    if (stored !== undefined) {
      everStored.add(stored)
      if (!epochOf.has(stored)) epochOf.set(stored, after.epoch)
    }
    epochNow = after.epoch
    isHeld = (O.isSome(after.token) || O.isSome(after.intent)) && after.verdict._tag !== 'Revoked'
  }

  /** One compare-and-set after the other, each judged at the moment when it takes effect. */
  let writes: Promise<unknown> = Promise.resolve()
  const judged = <A>(write: TaskEither<AuthError, A>): Promise<E.Either<AuthError, A>> => {
    const done = writes.then(async () => {
      const before = await readCell()
      const result = await write()
      const after = await readCell()
      judgeWrite(before, after)
      return result
    })
    writes = done
    return done
  }

  type Record = Parameters<TokenStore['compareAndSet']>[2]['record']
  /** Whether a record brings a token that was never stored. */
  const isCommit = (record: Record): boolean => {
    const cell = CellCodec.decode(O.some(record))
    const access = E.isRight(cell) ? accessOf(cell.right) : undefined
    return access !== undefined && !everStored.has(access)
  }

  const storeOf = (process: number): TokenStore => ({
    guarantee: 'shared',
    get: (key) => async () => {
      const fault = nextStoreFault()
      if (fault !== 'none') {
        return E.left(AuthError.storeFailed('get', fault))
      }
      return await await over(process, 'get', () => stampedAt(now, memory.get(key)()))
    },
    ...(scenario.wakes && { changes: changesOf(process) }),
    compareAndSet: (key, expected, next) => async () => {
      const fault = nextStoreFault()
      if (fault === 'failed') {
        if (isCommit(next.record)) writeFailed = true
        return E.left(AuthError.storeFailed('compareAndSet', fault))
      }
      if (fault === 'answer lost' && isCommit(next.record)) writeFailed = true
      const answer = await over(process, 'compareAndSet', () => judged(memory.compareAndSet(key, expected, next)))
      if (fault === 'answer lost') {
        return E.left(AuthError.storeFailed('compareAndSet', fault))
      }
      const written = await answer
      return E.isRight(written) && written.right._tag === 'Conflict'
        ? E.right(core.conflict(stamp(now, written.right.found)))
        : written
    },
  })

  /** Wake-ups, which a dead process does not hear. */
  const changesOf = (process: number) => (key: string) => {
    const subscription = memory.changes?.(key)
    return {
      changed: async () => {
        await subscription?.changed()
        if (dead.has(process)) await never()
      },
      end: () => subscription?.end(),
    }
  }

  /** By the store's own clock, where it has one. */
  const stamp = (at: number, found: Stamped): Stamped =>
    scenario.storeClock === null ? found : { ...found, now: O.some(core.instant(at + scenario.storeClock)) }
  const stampedAt = async (at: number, found: Promise<E.Either<AuthError, Stamped>>) => {
    const there = await found
    return E.isLeft(there) ? there : E.right(stamp(at, there.right))
  }

  // ---------------------------------------------------------------------------
  // the processes
  // ---------------------------------------------------------------------------

  const recovering = new Map<number, boolean>()
  const answerOf = (status: number, error: O.Option<string>, retryAfter: O.Option<number>): AuthError =>
    AuthError.rejected({
      method: 'POST',
      url: 'https://model/token',
      status,
      error,
      description: O.none,
      requestId: O.none,
      date: O.none,
      retryAfter: O.isSome(retryAfter) ? O.some(core.millis(retryAfter.value)) : O.none,
    })
  const lost = (reason: string): AuthError =>
    AuthError.outcomeUnknown({ url: 'https://model/token', reason, answer: O.none, repeatable: false })

  const toToken = (access: string, refresh: string): TokenSet =>
    TokenSet.make(Secret.make('AccessToken', access), {
      refreshToken: O.some(Secret.make('RefreshToken', refresh)),
      issuedAt: O.some(core.instant(now)),
      expiresAt: O.some(core.instant(now + LIFETIME)),
    })

  const strategyOf = (process: number): Strategy<unknown> => {
    const refresh = Strategy.make<unknown>({ needsRefreshToken: true }, ({ previous, deadline }) => () => async () => {
      if (O.isNone(previous) || O.isNone(previous.value.refreshToken)) return E.left(AuthError.notApplicable('nothing'))
      const token = Secret.open(previous.value.refreshToken.value)
      const fault = nextServerFault()
      if (now >= deadline) return E.left(AuthError.timedOut('the deadline'))
      if (fault === 'not sent') {
        await leg('the connection is refused')
        return dead.has(process) ? never() : E.left(AuthError.unreachable('https://model/token', 'ECONNREFUSED'))
      }
      if (fault === 'lost request') {
        await leg('the request is lost')
        return dead.has(process) ? never() : E.left(lost('reset'))
      }
      if (fault === 'throttled' || fault === 'busy') {
        const status = fault === 'busy' ? 503 : 429
        return over(process, 'token request', () => E.left(answerOf(status, O.none, O.some(2_000))))
      }
      const isRecovery = recovering.get(process) === true
      const request = { process, deadline }
      const others = sent.get(token) ?? new Set()
      for (const other of others) {
        if (!dead.has(other.process) && now < other.deadline)
          violated('one redemption', `two live requests with ${token}`)
      }
      sent.set(token, others.add(request))
      if (received.get(token)?.process === process)
        violated('one redemption', `${token} is sent again by who holds its answer`)
      const answer = await over(
        process,
        'token request',
        () => {
          const before = server.redemptions.get(token) ?? 0
          const result = server.redeem(token)
          if (result.ok && before > 0 && !isRecovery) violated('one redemption', `${token} redeemed again undeclared`)
          const holder = unanswered.get(token)
          const isExcused = holder !== undefined && (holder.isLost || dead.has(holder.process))
          if (!result.ok && (isExcused || crossed.has(token))) lostForGood = true
          if (result.ok) unanswered.set(token, { process, isLost: fault === 'lost answer' || fault === 'late answer' })
          return result
        },
        fault === 'late answer',
      )
      if (fault === 'lost answer') return E.left(lost('reset after headers'))
      others.delete(request)
      if (answer.ok) {
        unanswered.delete(token)
        if (others.size > 0) crossed.add(token)
        received.set(token, { process, access: answer.access })
      }
      return answer.ok
        ? E.right(toToken(answer.access, answer.refresh))
        : E.left(answerOf(400, O.some('invalid_grant'), O.none))
    })
    return options.decorate?.(core, refresh) ?? refresh
  }

  const clockOf = (process: number) => ({
    now: () => core.instant(now),
    sleep: (ms: number, signal?: AbortSignal) => () =>
      new Promise<void>((resolve) => {
        if (signal?.aborted) return resolve()
        const timer: Timer = {
          at: now + ms,
          process,
          fire: () => {
            signal?.removeEventListener('abort', cancel)
            resolve()
          },
        }
        const cancel = (): void => {
          timers = timers.filter((of) => of !== timer)
          resolve()
        }
        signal?.addEventListener('abort', cancel, { once: true })
        timers.push(timer)
      }),
  })

  let drawn = 0
  const random = {
    bytes: (size: number) => () => {
      drawn++
      // Four bytes are a uniform draw, spread for the jitter; more are a nonce, distinct from draw to draw.
      return Uint8Array.from({ length: size }, (_, i) =>
        size === 4 ? (drawn * 97 + i * 31) % 256 : Math.floor(drawn / 62 ** (i % 5)) % 62,
      )
    },
  }

  const observe = (process: number) => (event: SourceEvent) => {
    trace(`process ${process}: ${JSON.stringify(event)}`)
    if (event._tag === 'Renewing') recovering.set(process, event.recovery)
  }

  const sources: ReadonlyArray<TokenSource> = Array.from({ length: processes }, (_, process) =>
    TokenSource.make<unknown>({
      store: storeOf(process),
      timeout: core.millis(TIMEOUT),
      renewal: scenario.renewal,
      observe: observe(process),
      revocation: (token) => () => () => async () => {
        await over(process, 'revocation', () => server.revoke(Secret.open(token.accessToken)))
        return E.right(undefined)
      },
    })(strategyOf(process))({ clock: clockOf(process), random })(),
  )

  const lastServed = new Map<number, TokenSet>()
  const track = <A>(process: number, what: string, task: TaskEither<AuthError, A>, patience: number) => {
    const call: Call = { what, process, by: now + patience, settled: false }
    calls.push(call)
    const limit = call.by
    return task().then((result) => {
      call.settled = true
      trace(`process ${process}: ${what} ended: ${E.isLeft(result) ? AuthError.show.show(result.left) : 'right'}`)
      if (now > limit + STALL) violated('every call settles', `${what} of process ${process} after ${now - limit} ms`)
      return result
    })
  }

  const served = (process: number, result: E.Either<AuthError, TokenSet>): void => {
    if (E.isRight(result)) {
      const access = Secret.open(result.right.accessToken)
      if (!everStored.has(access)) violated('persisted before returned', access)
      lastServed.set(process, result.right)
      server.use(access)
    } else if (result.left._tag === 'ReauthenticationRequired' && result.left.reason === 'refresh token rejected') {
      const excused = mode === 'strict' && (lostForGood || writeFailed)
      if (!excused) violated('no session lost', `log in again (process ${process})`)
    }
  }

  const refusedBy = new Set<string>()
  const revokedUpTo = new Map<number, number>()

  const get = (process: number, source: TokenSource): void => {
    const refusedBefore = new Set(refusedBy)
    const revokedBefore = revokedUpTo.get(process) ?? 0
    const wasFaultless = !anyFault
    void track(process, 'get', source.get, PATIENCE).then((result) => {
      served(process, result)
      if (E.isRight(result)) {
        const access = Secret.open(result.right.accessToken)
        const { expiresAt } = result.right
        if (O.isSome(expiresAt) && now >= expiresAt.value) violated('refused is not served', `${access} has expired`)
        if (refusedBefore.has(`${process} ${access}`)) violated('refused is not served', access)
        if ((epochOf.get(access) ?? 0) <= revokedBefore) violated('nothing resurrected', `${access} after a revoke`)
      } else if (wasFaultless && !anyFault && result.left._tag === 'TimedOut') {
        violated('served in the end', `process ${process} timed out, and nothing had failed`)
      }
    })
  }

  const revoke = (process: number, source: TokenSource): void => {
    const from = epochNow
    const wasHeld = isHeld
    void track(process, 'revoke', source.revoke, 2 * TIMEOUT).then((result) => {
      if (E.isLeft(result) || !wasHeld) return
      if (epochNow === from) violated('nothing resurrected', `process ${process} revoked, and the epoch goes on`)
      revokedUpTo.set(process, Math.max(revokedUpTo.get(process) ?? 0, from))
    })
  }

  const act = (action: Act): void => {
    trace(JSON.stringify(action))
    const process = action.of % processes
    const source = sources[process]
    if (source === undefined || dead.has(process)) return
    switch (action._tag) {
      case 'get':
        get(process, source)
        return
      case 'refuse': {
        const token = lastServed.get(process)
        if (token === undefined) return
        const access = Secret.open(token.accessToken)
        const isOld = O.isNone(token.issuedAt) || now - token.issuedAt.value >= 1_000 + 2 * STALL
        void track(process, 'refuse', source.refuse(token.accessToken), TIMEOUT).then((result) => {
          trace(`process ${process} refused ${access}: ${result._tag}, old: ${isOld}`)
          if (E.isRight(result) && isOld) refusedBy.add(`${process} ${access}`)
        })
        return
      }
      case 'revoke':
        revoke(process, source)
        return
      case 'login':
        void track(
          process,
          'login',
          source.login<unknown>(() => () => async () => {
            const before = tombstones
            const answer = await over(process, 'login', () => server.logIn())
            if (answer.ok) tombstonesAtLogin.set(answer.access, before)
            return answer.ok ? E.right(toToken(answer.access, answer.refresh)) : E.left(AuthError.closed)
          })({}),
          600_000 + 2 * TIMEOUT,
        ).then((result) => served(process, result))
        return
      case 'crash':
        anyFault = true
        dead.add(process)
        for (const [token, answer] of received) {
          if (answer.process === process && !everStored.has(answer.access)) {
            unanswered.set(token, { process, isLost: true })
          }
        }
        timers = timers.filter((timer) => timer.process !== process)
        return
      case 'close':
        void track(process, 'close', source.close(), 4 * TIMEOUT)
        return
    }
  }

  const advance = async (ms: number): Promise<void> => {
    const end = now + ms
    for (;;) {
      // What is on its way arrives within the longest stall; that holds of what a fired timer sends too.
      const target = Math.min(end, ...Array.from(inFlight.values(), (born) => born + STALL))
      const due = timers.filter(({ at }) => at <= target).sort((a, b) => a.at - b.at)[0]
      now = Math.max(now, due === undefined ? target : due.at)
      if (due === undefined) return
      timers = timers.filter((timer) => timer !== due)
      due.fire()
      await still()
    }
  }

  const drain = async (): Promise<void> => {
    for (let moves = 0; moves < 5_000; moves++) {
      await still()
      if (scheduler.count() > 0) await scheduler.waitNext(1)
      else if (timers.length > 0) await advance(Math.max(1, Math.min(...timers.map(({ at }) => at)) - now))
      else return
    }
    violated('every call settles', 'the run does not come to rest')
  }

  // ---------------------------------------------------------------------------
  // the run
  // ---------------------------------------------------------------------------

  const byStoreClock = (token: TokenSet): TokenSet => {
    const later = (at: O.Option<Instant>) =>
      O.isSome(at) ? O.some(core.instant(at.value + (scenario.storeClock ?? 0))) : at
    return { ...token, issuedAt: later(token.issuedAt), expiresAt: later(token.expiresAt) }
  }
  const first = server.logIn()
  if (!first.ok) throw new Error('the model does not log in')
  const seed = {
    ...core.Lifecycle.empty,
    epoch: 1,
    generation: 1,
    token: O.some(byStoreClock(toToken(first.access, first.refresh))),
  }
  await judged(memory.compareAndSet('default', core.absent, { version: 'seed', record: CellCodec.encode(seed) }))
  now += { due: LIFETIME - 60_000, ending: LIFETIME - 2_000, expired: LIFETIME + 1_000 }[scenario.start]

  for (const action of scenario.actions) {
    if (action._tag === 'advance') await advance(action.ms)
    else if (action._tag === 'deliver') {
      for (let i = 0; i < action.count && scheduler.count() > 0; i++) {
        await scheduler.waitNext(1)
        await still()
      }
    } else act(action)
    await still()
  }
  faultless = true
  await drain()

  for (const call of calls) {
    if (!call.settled && !dead.has(call.process))
      violated('every call settles', `${call.what} of process ${call.process}`)
  }

  // In the end, without faults: everybody who is alive is served a token that works, or is told to log in.
  for (const [process, source] of sources.entries()) {
    if (dead.has(process) || source.closed()) continue
    for (let tries = 0; ; tries++) {
      let result: E.Either<AuthError, TokenSet> | undefined
      void source.get().then((settled) => {
        result = settled
      })
      await drain()
      if (result === undefined) {
        violated('served in the end', `process ${process} gets no answer`)
        break
      }
      if (E.isLeft(result) && result.left._tag === 'ReauthenticationRequired') {
        const { verdict } = await readCell()
        if (verdict._tag !== 'Revoked' && verdict._tag !== 'LogInAgain') {
          violated('served in the end', `process ${process} is told to log in, and nobody said so`)
        }
        served(process, result)
        break
      }
      if (E.isRight(result) && server.use(Secret.open(result.right.accessToken))) {
        served(process, result)
        const before = server.requests
        void source.get()
        await drain()
        const isFresh = O.isSome(result.right.expiresAt) && result.right.expiresAt.value - now > LIFETIME / 2
        if (isFresh && server.requests > before)
          violated('fresh is served from memory', `process ${process} asks again`)
        break
      }
      // A back-off, or a token that the API refuses: time passes, the refusal is told, and the next try must do.
      if (tries === 4) {
        violated(
          'served in the end',
          `process ${process}: ${E.isLeft(result) ? AuthError.show.show(result.left) : 'dead token'}`,
        )
        break
      }
      await advance(61_000)
      if (E.isRight(result)) void source.refuse(result.right.accessToken)()
      await drain()
    }
  }

  const last = await readCell()
  const alive = server.liveFamilies().filter((family) => !leftAlive.has(family))
  if (last.verdict._tag === 'Revoked' && !anyFault && alive.length > 0) {
    violated('nothing resurrected', `revoked, and alive at the server: families ${alive.join(', ')}`)
  }
  if (now < started) throw new Error('time went back')
  return violations
}
