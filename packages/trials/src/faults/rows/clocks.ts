import * as Box from '@tessera/box'
import {
  AuthError,
  type Clock,
  instant,
  memoryStore,
  millis,
  minutes,
  plus,
  Secret,
  type SourceConfig,
  type SourceEnv,
  Strategy,
  seconds,
  type TokenSet,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { nodeEnv, signer } from '@tessera/node'
import { type Client, clientCredentials, type Signer } from '@tessera/oauth2'
import { type Sandbox, startSandbox } from '@tessera/sandbox'
import { modelServer, type TestClock, testClock, testRandom, type Wire } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { stamping } from '../../stamping.js'
import type { Context, Fault, Findings } from '../Fault.js'
import { movableClock } from '../movableClock.js'
import { makeStopwatch, type Stopwatch } from '../overdue.js'
import { printedResult } from '../printed.js'
import { pick, whole } from '../random.js'
import { makeTally, type Tally } from '../tally.js'

// -----------------------------------------------------------------------------
// parts
// -----------------------------------------------------------------------------

/** What a run needs of a source. */
export type Source = Pick<TokenSource, 'get' | 'invalidate'> & Partial<Pick<TokenSource, 'accept'>>

/** What a test may break. */
export interface Parts {
  readonly source: (config: SourceConfig<SourceEnv>, strategy: Strategy<unknown>, env: SourceEnv) => Source
  readonly jwt: typeof Box.jwt
}

const HOUR = 3_600_000
const YEAR = 365 * 24 * HOUR
const JUMPS = [0, HOUR, -HOUR, YEAR, -YEAR]

// -----------------------------------------------------------------------------
// clocks that jump
// -----------------------------------------------------------------------------

/** The longest that a person waits for a token, whatever the clocks say, in ms. */
const LONGEST = 60_000
/** How often a server may be asked meanwhile: a fault, the renewal, and one for what a clock took for expired. */
const MOST_REQUESTS = 3

/** A process's clock: real time, and how far it is off. */
interface OwnClock extends Clock {
  off: number
}

const ownClock = (time: TestClock): OwnClock => {
  const clock: OwnClock = {
    off: 0,
    now: () => instant(time.now() + clock.off),
    monotonic: time.now,
    sleep: time.sleep,
  }
  return clock
}

interface Fleet {
  readonly time: TestClock
  readonly clocks: ReadonlyArray<OwnClock>
  readonly sources: ReadonlyArray<Source>
  readonly server: ReturnType<typeof modelServer>
  /** What befalls the next request. */
  readonly befall: (fault: 'throttled' | 'lost' | 'none') => void
  readonly requests: () => number
}

const THROTTLED = AuthError.rejected({
  method: 'POST',
  url: 'https://as.example/token',
  status: 429,
  error: O.none,
  description: O.none,
  requestId: O.none,
  date: O.none,
  retryAfter: O.some(seconds(30)),
})

const fleetOf = ({ source }: Parts, random: () => number, tally: Tally): Fleet => {
  const time = testClock()
  const lifetime = minutes(60)
  // As Box does it.
  const server = modelServer({ mode: { _tag: 'GraceUntilUsed' }, clock: time, lifetime })
  const processes = whole(random, 1, 3)
  const clocks = Array.from({ length: processes + 1 }, () => ownClock(time))
  const [storeClock, ...own] = clocks
  const memory = memoryStore()
  const store = storeClock === undefined || random() < 0.5 ? memory : stamping(memory, () => O.some(storeClock.now()))
  let next: 'throttled' | 'lost' | 'none' = 'none'
  let requests = 0
  const redeemed = new Set<string>()
  const recovering = new Map<number, boolean>()

  const wire =
    (attempt: { readonly deadline: number }, clock: Clock): Wire =>
    (call) =>
    async () => {
      requests++
      const fault = next
      next = 'none'
      await time.sleep(millis(whole(random, 0, 500)))()
      if (fault === 'throttled') return E.left(THROTTLED)
      const answer = await call()
      if (fault !== 'lost') return answer
      await time.sleep(millis(Math.max(0, attempt.deadline - clock.now())))()
      return E.left(AuthError.outcomeUnknown({ url: 'token', reason: 'no answer', answer: O.none, repeatable: false }))
    }

  const strategyOf = (clock: Clock, process: number): Strategy<unknown> =>
    Strategy.make({ needsRefreshToken: true }, (attempt) => () => async () => {
      const refresh = pipe(
        attempt.previous,
        O.flatMap(({ refreshToken }) => refreshToken),
        O.match(() => '', Secret.open),
      )
      if (redeemed.has(refresh) && recovering.get(process) !== true) tally.doubleRedemptions++
      const result = await server.refreshing(wire(attempt, clock))(attempt)({})()
      if (E.isRight(result)) redeemed.add(refresh)
      // A client reads a lifetime, and counts it by its own clock.
      return pipe(
        result,
        E.map(
          (token): TokenSet => ({
            ...token,
            issuedAt: O.some(clock.now()),
            expiresAt: O.some(plus(clock.now(), lifetime)),
          }),
        ),
      )
    })

  const initial = server.login()
  const sources = own.map((clock, process) => {
    const observe: SourceConfig<SourceEnv>['observe'] = (event) => {
      if (event._tag === 'Renewing') recovering.set(process, event.recovery)
    }
    const env = { clock, random: testRandom(whole(random, 0, 1_000_000)) }
    return source({ store, initial, observe }, strategyOf(clock, process), env)
  })
  return {
    time,
    clocks,
    sources,
    server,
    befall: (fault) => {
      next = fault
    },
    requests: () => requests,
  }
}

/** One process wants to call an API, and tries until that does. Answers how long it took by real time. */
const use = async (fleet: Fleet, source: Source, context: Context, tally: Tally): Promise<number> => {
  const { time, server } = fleet
  const begun = time.now()
  const before = fleet.requests()
  while (time.now() - begun <= 2 * LONGEST) {
    const result = await time.settle(source.get())
    context.canaries.wrote(printedResult(result))
    if (E.isRight(result)) {
      const { accessToken } = result.right
      if (server.use(accessToken)()) {
        source.accept?.(accessToken)
        break
      }
      await time.settle(source.invalidate(accessToken)())
    } else if (result.left._tag === 'ReauthenticationRequired') {
      tally.lost++
      break
    }
    await time.advance(seconds(1))
  }
  const asked = fleet.requests() - before
  if (asked > MOST_REQUESTS) tally.problem(`${asked} requests for one token`)
  return time.now() - begun
}

const STEPS = 8

// None ends shortly before the hour that a clock was set back by: a lease of before that hour would look like a new one.
const ADVANCES = [seconds(1), seconds(20), minutes(30), minutes(61), minutes(150)]

const jumping = async (parts: Parts, context: Context, tally: Tally): Promise<number> => {
  const { random } = context
  const fleet = fleetOf(parts, random, tally)
  let longest = 0
  for (let step = 0; step < STEPS; step++) {
    await fleet.time.advance(pick(random, ADVANCES))
    const clock = pick(random, fleet.clocks)
    clock.off = pick(random, JUMPS)
    fleet.befall(pick(random, ['none', 'throttled', 'lost']))
    const source = pick(random, fleet.sources)
    longest = Math.max(longest, await use(fleet, source, context, tally))
    fleet.befall('none')
  }
  if (longest > LONGEST) tally.problem(`a token took ${Math.round(longest / 1_000)} s`)
  return longest
}

// -----------------------------------------------------------------------------
// a date that is set back, and what ends meanwhile
// -----------------------------------------------------------------------------

/** Of the source's defaults. */
const MAX_STALE = seconds(60)
const LIFE = minutes(10)

/** Two processes of one machine, whose date is set back; then one ends the session, or its token ends, and the other must see it. */
const setBack = async ({ source }: Parts, { random, canaries }: Context, tally: Tally): Promise<void> => {
  const time = testClock()
  // It tells of no change: what another process did is to be found by its age.
  const { guarantee, get, compareAndSet } = memoryStore()
  const memory: TokenStore = { guarantee, get, compareAndSet }
  const store = random() < 0.5 ? memory : stamping(memory, () => O.some(instant(time.monotonic?.() ?? 0)))
  const server = modelServer({ mode: { _tag: 'Strict', killsFamily: true }, clock: time, lifetime: LIFE })
  const initial = server.login()
  const nothing = Strategy.make({ needsRefreshToken: true }, Strategy.left(AuthError.notApplicable('no renewal')))
  const open = (): Source =>
    source({ store, initial }, nothing, { clock: time, random: testRandom(whole(random, 0, 1_000_000)) })
  const [one, other] = [open(), open()]
  const asks = async (of: Source): Promise<boolean> => {
    const result = await time.settle(of.get())
    canaries.wrote(printedResult(result))
    return E.isRight(result)
  }
  if (!(await asks(one)) || !(await asks(other))) tally.problem('no token at the start')
  const began = time.monotonic?.() ?? 0
  const passed = (): number => (time.monotonic?.() ?? 0) - began
  const isRefused = random() < 0.5
  if (isRefused) {
    await time.advance(seconds(2))
    await time.settle(one.invalidate(initial.accessToken)())
  }
  const ends = isRefused ? passed() + MAX_STALE : LIFE
  while (passed() < ends + 60_000) {
    if (random() < 0.3) time.setDate(millis(pick(random, JUMPS) - 1))
    if ((await asks(other)) && passed() >= ends) {
      tally.problem(`a token ${isRefused ? 'that was refused elsewhere' : 'that had expired'} is served for too long`)
      return
    }
    await time.advance(millis(whole(random, 1_000, 30_000)))
  }
}

// -----------------------------------------------------------------------------
// a server whose Date is wrong
// -----------------------------------------------------------------------------

const LIMIT = seconds(60)

interface Skewed {
  readonly box: Sandbox
  readonly client: Client
  readonly signer: Signer
  readonly stopwatch: Stopwatch
}

const skewedOnce = async (
  { jwt }: Parts,
  { box, client, signer, stopwatch }: Skewed,
  { random, canaries }: Context,
  tally: Tally,
): Promise<void> => {
  const skew = pick(random, [HOUR, -HOUR, YEAR, -YEAR, 3 * YEAR, -3 * YEAR])
  const isBelieved = Math.abs(skew) < 2 * YEAR
  const clock = movableClock()
  const env = nodeEnv({ clock })
  try {
    // It is the server's clock that is wrong, or ours.
    if (random() < 0.5) box.clock.offset(skew)
    else clock.move(-skew)
    const before = box.counts().byEndpoint.token
    const wait = pick(random, [1, 10, 59, 3_600])
    const asked = random() < 0.3
    const strategy = asked
      ? clientCredentials({ client })
      : jwt({ client, signer, subject: Box.enterprise(box.enterprise) })
    if (asked) {
      const retryAfter = new Date(box.clock.now() + wait * 1_000)
      box.faults.next({ kind: 'status', status: 429, retryAfter, endpoint: 'token' })
    }
    const result = await stopwatch.time(LIMIT, strategy(Strategy.attempt(LIMIT)(env)())(env))
    canaries.wrote(printedResult(result))
    const requests = box.counts().byEndpoint.token - before
    const years = `a clock that is off by ${skew / HOUR} h`
    if (asked) {
      const told = E.isLeft(result)
        ? pipe(
            AuthError.answer(result.left),
            O.flatMap((answer) => answer.retryAfter),
          )
        : O.none
      // Both dates are in whole seconds.
      const isRight = O.isSome(told) && Math.abs(told.value - wait * 1_000) <= 1_000
      if (!isRight) tally.problem(`${years}: a wait of ${wait} s was read as ${O.toUndefined(told)} ms`)
    } else if (isBelieved !== E.isRight(result))
      tally.problem(`${years}: ${E.isRight(result) ? 'believed' : 'no token'}`)
    if (requests > (asked || !isBelieved ? 1 : 2)) tally.problem(`${years}: ${requests} requests`)
  } finally {
    box.clock.offset(0)
    await env.close()
  }
}

const skewed = async (parts: Parts, context: Context, tally: Tally, count: number): Promise<number> => {
  const box = await startSandbox()
  const stopwatch = makeStopwatch()
  try {
    const settings = Box.settings(await box.settings())
    if (E.isLeft(settings)) throw AuthError.toError(settings.left)
    const key = Box.keyOf(settings.right)
    if (E.isLeft(key)) throw AuthError.toError(key.left)
    const client = Box.client({ ...box.client, server: Box.serverAt(box.url) })
    context.canaries.remember(box.client.secret)
    const all: Skewed = { box, client, signer: signer(key.right), stopwatch }
    for (let i = 0; i < count; i++) await skewedOnce(parts, all, context, tally)
  } finally {
    stopwatch.stop()
    await box.close()
  }
  return stopwatch.longest()
}

// -----------------------------------------------------------------------------
// the row
// -----------------------------------------------------------------------------

/** One in so many is at a server whose Date is wrong. */
const SHARE_OF_SKEWED = 4

export const clocksWith = (parts: Parts): Fault => ({
  name: 'clocks',
  injection: `the clocks of processes, and of a store, jump by an hour or a year, back or forth, in the middle of renewals, throttles and lost answers, and before a token ends, or is refused by another process; one in ${SHARE_OF_SKEWED} is a server whose Date, or a client whose clock, is off by an hour, a year or three`,
  expected:
    'a token that an API takes within a minute by real time, with at most three requests; none that ended, or was refused elsewhere a minute ago, is served; one more try with the time of a server that is off by less than two years; a wait is read by the server’s own Date',
  count: 200,
  seconds: 5,
  test: 'waiting',
  run: async (context): Promise<Findings> => {
    const { count, progress } = context
    const tally = makeTally()
    const ofSkewed = Math.ceil(count / SHARE_OF_SKEWED)
    let longest = 0
    for (let done = ofSkewed; done < count; done++) {
      longest = Math.max(longest, await jumping(parts, context, tally))
      await setBack(parts, context, tally)
      progress(done - ofSkewed)
    }
    const overdue = await skewed(parts, context, tally, ofSkewed)
    return tally.findings(context, overdue, `a token took ${Math.round(longest / 1_000)} s at most`)
  },
})

export const clocks = clocksWith({
  source: (config, strategy, env) => TokenSource.make(config)(strategy)(env)(),
  jwt: Box.jwt,
})
