import {
  AuthError,
  absent,
  CellCodec,
  type Duration,
  type Instant,
  Lifecycle,
  millis,
  minutes,
  plus,
  type Random,
  Secret,
  type SourceEvent,
  type TokenSet,
  type TokenSource,
  type TokenStore,
} from '@tessera/core'
import type * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { MakeSource } from '../../Parts.js'
import type { Violation } from '../../properties.js'
import { recordedPrompt } from '../../recordedPrompt.js'
import * as ServerModel from '../../ServerModel.js'
import type { Act, Action, Scenario } from '../../scenarios.js'
import { type Ledger, makeLedger } from './ledger.js'
import { makeServer } from './server.js'
import { makeStage, STALL } from './stage.js'
import { storeOf } from './store.js'

/** What a run is over. */
export interface World {
  readonly make: MakeSource
  readonly store: IO<TokenStore>
  readonly mode: ServerModel.Rotation
  readonly selfSufficient: boolean
  /** The source's own `timeout`. */
  readonly sourceTimeout: Duration
  readonly turn: Task<void>
}

/** How a run ended: what was broken, and the story. */
export interface Outcome {
  readonly violations: ReadonlyArray<Violation>
  readonly story: () => ReadonlyArray<string>
}

const LIFETIME = minutes(60)
/** How long before its expiry, or after, the first token is met, in ms. */
const AHEAD: Readonly<Record<Scenario['start'], number>> = { due: 60_000, ending: 2_000, expired: -1_000 }
/** Longer than any cool-down, in ms. */
const COOLED = 61_000
const MOST_TRIES = 4

interface Call {
  readonly what: string
  readonly process: number
  settled: boolean
}

/** Four bytes are a uniform draw, spread for the jitter; more are a nonce, distinct from draw to draw. */
const distinctRandom = (): Random => {
  let drawn = 0
  return {
    bytes: (size) => () => {
      drawn++
      return Uint8Array.from({ length: size }, (_, i) =>
        size === 4 ? (drawn * 97 + i * 31) % 256 : Math.floor(drawn / 62 ** (i % 5)) % 62,
      )
    },
  }
}

/** Runs a scenario, and judges it. */
export const run = async (
  { make, store, mode, selfSufficient, sourceTimeout: timeout, turn }: World,
  scheduler: fc.Scheduler,
  scenario: Scenario,
): Promise<Outcome> => {
  const stage = makeStage(scheduler, turn)
  const { now, violated, tell, isDead } = stage
  const patience = 2 * timeout + 5_000
  const offset = pipe(O.fromNullable(scenario.storeClock), O.map(millis))

  let isCalm = false
  // Without grace a session may be lost with the answer to a redemption, or with the write after it; not otherwise.
  let writeFailed = false
  const faultsOf = <Fault extends string>(script: ReadonlyArray<Fault>, none: Fault): (() => Fault) => {
    let drawn = 0
    return () => {
      const fault = isCalm ? none : (script[drawn++] ?? none)
      if (fault !== none) stage.noteFault()
      return fault
    }
  }

  // ---------------------------------------------------------------------------
  // the processes
  // ---------------------------------------------------------------------------

  // The ledger is of the key that the sources turn out to have.
  const ledger = (): Ledger => book
  const memory = store()
  const server = makeServer({
    rules: { mode, lifetime: LIFETIME },
    stage,
    ledger,
    nextFault: faultsOf(scenario.serverFaults, 'none'),
    selfSufficient,
  })
  const openStore = storeOf({
    memory,
    stage,
    ledger,
    nextFault: faultsOf(scenario.storeFaults, 'none'),
    wakes: scenario.wakes,
    offset,
    onWriteFailed: () => {
      writeFailed = true
    },
  })
  const random = distinctRandom()
  const sources: ReadonlyArray<TokenSource> = Array.from({ length: scenario.processes }, (_, process) =>
    make({
      strategy: server.strategyOf(process),
      store: openStore(process),
      key: 'session',
      revocation: server.revokerOf(process),
      env: { clock: stage.clockOf(process), random, http: server.httpOf(process), prompt: recordedPrompt([]) },
      renewal: scenario.renewal,
      observe: (event) => tell(() => `process ${process} tells: ${showEvent(event)}`),
    }),
  )
  const keys = new Set(sources.map(({ key }) => key))
  const [key = 'default'] = keys
  if (keys.size !== 1) throw new Error(`the processes share one session, and their keys are ${[...keys].join(', ')}`)
  const book = makeLedger({
    memory,
    key,
    stage,
    server: server.state,
    offset: O.getOrElse(() => millis(0))(offset),
    selfSufficient,
  })

  // ---------------------------------------------------------------------------
  // what is asked of them
  // ---------------------------------------------------------------------------

  const calls: Array<Call> = []
  const lastServed = new Map<number, TokenSet>()
  const refusedBy = new Set<string>()
  const revokedUpTo = new Map<number, number>()

  const track = <A>(process: number, what: string, task: TaskEither<AuthError, A>, within: number) => {
    const call: Call = { what, process, settled: false }
    calls.push(call)
    const limit = now() + within
    tell(() => `process ${process}: ${what}`)
    return task().then((result) => {
      call.settled = true
      tell(() => `process ${process}: ${what} ends: ${showResult(result)}`)
      if (now() > limit + STALL) violated('every call settles', `${what} of process ${process} after its deadline`)
      return result
    })
  }

  const served = (process: number, result: E.Either<AuthError, TokenSet>): void => {
    if (E.isRight(result)) {
      const access = Secret.open(result.right.accessToken)
      if (!book.everStored(access)) violated('persisted before returned', `${access} is not in the store`)
      lastServed.set(process, result.right)
      server.use(result.right)
    } else if (result.left._tag === 'ReauthenticationRequired' && result.left.reason === 'refresh token rejected') {
      const isExcused = isUnforgiving(mode) && (server.lostForGood() || writeFailed)
      if (!isExcused) violated('no session lost', `process ${process} is told to log in`)
    }
  }

  const get = (process: number, source: TokenSource): void => {
    const refusedBefore = new Set(refusedBy)
    const revokedBefore = revokedUpTo.get(process) ?? 0
    const wasCalm = !stage.hadFault()
    void track(process, 'get', source.get, patience).then((result) => {
      served(process, result)
      if (E.isRight(result)) {
        const access = Secret.open(result.right.accessToken)
        const { expiresAt } = result.right
        if (O.isSome(expiresAt) && now() >= expiresAt.value) violated('refused is not served', `${access} has expired`)
        if (refusedBefore.has(`${process} ${access}`)) violated('refused is not served', `${access} was refused`)
        if (book.epochOf(access) <= revokedBefore) violated('nothing resurrected', `${access} is served after a revoke`)
      } else if (wasCalm && !stage.hadFault() && result.left._tag === 'TimedOut') {
        violated('served in the end', `process ${process} timed out, and nothing had failed`)
      }
    })
  }

  const refuse = (process: number, source: TokenSource): void => {
    const token = lastServed.get(process)
    if (token === undefined) return
    const access = Secret.open(token.accessToken)
    // The refusal of a younger one may be left for later.
    const isOld = O.isNone(token.issuedAt) || now() - token.issuedAt.value >= 1_000 + 2 * STALL
    void track(process, `refuse ${access}`, source.invalidate(token.accessToken), timeout).then((result) => {
      if (E.isRight(result) && isOld) refusedBy.add(`${process} ${access}`)
    })
  }

  const revoke = (process: number, source: TokenSource): void => {
    const from = book.epoch()
    void track(process, 'revoke', source.revoke, 2 * timeout).then((result) => {
      if (E.isLeft(result)) return
      if (book.epoch() === from) violated('nothing resurrected', `process ${process} revoked, and the epoch goes on`)
      revokedUpTo.set(process, Math.max(revokedUpTo.get(process) ?? 0, from))
    })
  }

  const login = (process: number, source: TokenSource): void => {
    const task = source.login<unknown>(() => () => async () => {
      const before = book.tombstones()
      const token = await server.login(process)
      book.noteLogin(Secret.open(token.accessToken), before)
      return E.right(token)
    })({})
    void track(process, 'login', task, minutes(10) + 2 * timeout).then((result) => served(process, result))
  }

  const act = (action: Act): void => {
    const process = action.of % scenario.processes
    const source = sources[process]
    if (source === undefined || isDead(process)) return
    switch (action._tag) {
      case 'get':
        get(process, source)
        break
      case 'refuse':
        refuse(process, source)
        break
      case 'revoke':
        revoke(process, source)
        break
      case 'login':
        login(process, source)
        break
      case 'crash':
        tell(() => `process ${process} crashes`)
        stage.crash(process)
        server.crashed(process)
        break
      case 'close':
        void track(process, 'close', source.close(), 4 * timeout)
        break
    }
  }

  const move = (action: Action): Promise<void> => {
    switch (action._tag) {
      case 'advance':
        return stage.advance(action.ms)
      case 'deliver':
        return stage.deliver(action.count)
      default:
        act(action)
        return Promise.resolve()
    }
  }

  // ---------------------------------------------------------------------------
  // the run
  // ---------------------------------------------------------------------------

  const byStoreClock = O.map((at: Instant) => (O.isSome(offset) ? plus(at, offset.value) : at))
  const first = server.begin()
  const seed = {
    ...Lifecycle.empty,
    epoch: 1,
    generation: 1,
    token: O.some({ ...first, issuedAt: byStoreClock(first.issuedAt), expiresAt: byStoreClock(first.expiresAt) }),
  }
  await book.judged(-1, memory.compareAndSet(key, absent, { version: 'seed', record: CellCodec.encode(seed) }))
  await stage.advance(LIFETIME - AHEAD[scenario.start])
  stage.begin()
  tell(() => `the session has ${Secret.open(first.accessToken)}, which is ${scenario.start}`)

  for (const action of scenario.actions) {
    await move(action)
    await turn()
  }
  isCalm = true
  await stage.drain()

  for (const call of calls) {
    if (!call.settled && !isDead(call.process))
      violated('every call settles', `${call.what} of process ${call.process} never ends`)
  }

  /** Without faults, everybody who is alive is served a token that works, or is told to log in. */
  const serve = async (process: number, source: TokenSource): Promise<void> => {
    for (let tries = 0; ; tries++) {
      let result: E.Either<AuthError, TokenSet> | undefined
      void source.get().then((settled) => {
        result = settled
      })
      await stage.drain()
      if (result === undefined) return violated('served in the end', `process ${process} gets no answer`)
      if (E.isLeft(result) && result.left._tag === 'ReauthenticationRequired') {
        const { status } = await book.cell()
        if (status._tag !== 'Revoked' && status._tag !== 'LogInAgain')
          violated('served in the end', `process ${process} is told to log in, and nobody said so`)
        return served(process, result)
      }
      if (E.isRight(result) && server.use(result.right)) {
        served(process, result)
        return await costsNothing(process, source, result.right)
      }
      // A back-off, or a token that the API refuses: time passes, the refusal is told, and the next try must do.
      if (tries === MOST_TRIES) return violated('served in the end', `process ${process}: ${showResult(result)}`)
      await stage.advance(COOLED)
      if (E.isRight(result)) void source.invalidate(result.right.accessToken)()
      await stage.drain()
    }
  }

  const costsNothing = async (process: number, source: TokenSource, token: TokenSet): Promise<void> => {
    const before = server.requests()
    void source.get()
    await stage.drain()
    const isFresh = O.isSome(token.expiresAt) && token.expiresAt.value - now() > LIFETIME / 2
    if (isFresh && server.requests() > before) violated('fresh is served from memory', `process ${process} asks again`)
  }

  for (const [process, source] of sources.entries()) {
    if (!isDead(process) && !source.closed()) await serve(process, source)
  }

  const { token, owed } = await book.cell()
  const recorded = [...(O.isSome(token) ? [token.value] : []), ...(O.isSome(owed) ? owed.value.tokens : [])]
  const families = recorded.map(({ accessToken }) => O.toUndefined(ServerModel.familyOf(accessToken)(server.state())))
  const forgotten = ServerModel.alive(server.state()).filter((family) => !families.includes(family))
  if (!stage.hadFault() && forgotten.length > 0 && !selfSufficient)
    violated('nothing resurrected', `over, alive at the server, and in no record: ${forgotten.length} of its sessions`)
  return { violations: stage.violations, story: stage.story }
}

/** A server at which an answer that is lost may be the end of the session. */
export const isUnforgiving = (mode: ServerModel.Rotation): boolean =>
  mode._tag === 'Strict' || (mode._tag === 'GraceFor' && mode.grace < FOREVER)

/** Longer than any run: whether somebody asks in time is the application's part. */
const FOREVER = 1e9

// The tokens of the model are its own, so that they may be read.
const showResult = (result: E.Either<AuthError, unknown>): string => {
  if (E.isLeft(result)) return AuthError.show.show(result.left)
  const { right } = result
  const access = typeof right === 'object' && right !== null && 'accessToken' in right ? right.accessToken : undefined
  return Secret.is(access) ? Secret.open(access) : typeof right === 'string' ? right : 'done'
}

const showEvent = (event: SourceEvent): string =>
  'error' in event
    ? `${event._tag}, ${AuthError.show.show(event.error)}`
    : event._tag === 'Renewing' && event.recovery
      ? 'Renewing, to recover'
      : event._tag
