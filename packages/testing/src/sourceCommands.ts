/**
 * Commands of a token source, beside a model of it: `Lifecycle.step` and the modelled server, both pure.
 *
 * @packageDocumentation
 */
import {
  AuthError,
  CellCodec,
  type Duration,
  type Instant,
  instant,
  Lifecycle,
  memoryStore,
  millis,
  minutes,
  Secret,
  seconds,
  TokenSet,
  type TokenSource,
  type TokenStore,
} from '@tessera/core'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Task } from 'fp-ts/lib/Task.js'
import { tokenSetView } from './histories.js'
import { advances, type Bench, makeBench, textOf } from './internal/bench.js'
import { done, ensure } from './internal/ensure.js'
import type { MakeSource, Parts } from './Parts.js'
import * as ServerModel from './ServerModel.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** What a source in one process must know, and what the server does. */
export interface SourceModel {
  cell: Lifecycle.Cell<TokenSet>
  server: ServerModel.ServerState
  /** The answer to the next token request will be lost. */
  isLosing: boolean
  /** How many logins and revokes there were: each has a name of its own. */
  drawn: number
  /** The token that an API was last seen to accept, by this process. */
  accepted: O.Option<Secret>
  readonly rules: ServerModel.Rules
  readonly selfSufficient: boolean
  /** How long a lease of the source lasts, in ms. */
  readonly hold: Duration
}

/** A source on virtual time, at a modelled server. */
export interface SourceUnderTest {
  readonly bench: Bench
  readonly source: IO<TokenSource>
  /** The process starts again: what it had in memory is gone. */
  readonly restart: IO<void>
  /** What the store has. */
  readonly cell: Task<Lifecycle.Cell<TokenSet>>
}

/** A command, for `fc.asyncModelRun`. */
export type SourceCommand = fc.AsyncCommand<SourceModel, SourceUnderTest>

/** The parameters of {@link modelledSource}. */
export interface ModelledSourceConfig {
  readonly make: MakeSource
  /** Default: `memoryStore`. */
  readonly store?: IO<TokenStore>
  /** Default: as Box. */
  readonly mode?: ServerModel.Rotation
  /** Default: `background`. */
  readonly renewal?: Parts['renewal']
  /** As of `interleavings`. */
  readonly selfSufficient?: boolean
  /** The source's own `timeout`, in ms. Default: that of a source, 15 s. */
  readonly sourceTimeout?: Duration
  /** Of the randomness. Default: 1. */
  readonly seed?: number
  readonly turn?: Task<void>
}

const step = Lifecycle.step(tokenSetView)

const LIFETIME = minutes(60)
/** By how much a lease outlives its flight. */
const MARGIN = seconds(5)
/** How old a token must be to be refused, and the first back-off of refusals in a row: the default of a source. */
const MINIMUM_AGE = seconds(1)

// -----------------------------------------------------------------------------
// the model's moves
// -----------------------------------------------------------------------------

const move = (model: SourceModel, event: Lifecycle.Event<TokenSet, Secret>): Lifecycle.Decision<TokenSet> => {
  const [decision, cell] = step(event)(model.cell)
  model.cell = cell
  return decision
}

const ask = (model: SourceModel, request: ServerModel.Request, now: Instant): ServerModel.Answer => {
  const [answer, server] = ServerModel.serve(model.rules)(request, now)(model.server)
  model.server = server
  return answer
}

/** No time to try again: here each revocation succeeds at once. */
const retryAt = O.some(instant(0))

const revokeAtServer = (model: SourceModel, { action }: Lifecycle.Decision<TokenSet>, now: Instant): void => {
  if (action._tag !== 'RevokeAtServer') return
  for (const { accessToken, refreshToken } of action.tokens) {
    ask(model, { _tag: 'Revoke', token: O.isSome(refreshToken) ? refreshToken.value : accessToken }, now)
    move(model, { _tag: 'RevocationConfirmed', revoked: [accessToken] })
  }
}

const requested = (
  model: SourceModel,
  now: Instant,
  minValid: Duration,
  renewBefore: Duration,
): Lifecycle.Event<TokenSet, Secret> => ({
  _tag: 'Requested',
  nonce: 'flight',
  now,
  minValid,
  renewBefore,
  hold: model.hold,
  selfSufficient: model.selfSufficient,
})

/** What one get may bring, as texts of access tokens; `log in` and `fails` for errors. */
type Expected = ReadonlyArray<string>

const served = ({ serve }: Lifecycle.Decision<TokenSet>): Expected =>
  pipe(
    serve,
    O.match(
      () => [],
      (token) => [Secret.open(token.accessToken)],
    ),
  )

const failedBy = (reason: string): Expected => [
  reason === 'LogInAgain' || reason === 'Revoked' || reason === 'NothingToRedeem' ? 'log in' : 'fails',
]

/** A get that sends nothing. */
const idle = (model: SourceModel, now: Instant, minValid: Duration): Expected => {
  const decision = move({ ...model }, requested(model, now, minValid, millis(0)))
  const { action } = decision
  if (action._tag === 'Fail') return failedBy(action.reason)
  return action._tag === 'None' ? served(decision) : [`a request (${action._tag})`]
}

/** A get that sends one request, at `now`. */
const renewing = (model: SourceModel, now: Instant, minValid: Duration): Expected => {
  const isEnough = move({ ...model }, requested(model, now, minValid, millis(0))).action._tag === 'None'
  const before = move(model, requested(model, now, minValid, LIFETIME))
  const { action } = before
  if (action._tag !== 'Redeem') return [`no request (${action._tag})`]
  const previous = O.toUndefined(action.previous)
  const refreshToken = previous && O.toUndefined(previous.refreshToken)
  const request: ServerModel.Request =
    model.selfSufficient || refreshToken === undefined ? { _tag: 'Issue' } : { _tag: 'Redeem', token: refreshToken }
  const answer = ask(model, request, now)
  const failed = (failure: Lifecycle.Failure<Secret>) =>
    move(model, { _tag: 'Failed', parent: action.parent, nonce: 'flight', now, failure })
  if (model.isLosing) {
    model.isLosing = false
    failed({ _tag: 'Unknown' })
    return isEnough ? served(before) : ['fails']
  }
  if (answer._tag !== 'Issued') {
    if (refreshToken !== undefined) failed({ _tag: 'InvalidGrant', refresh: refreshToken })
    return isEnough ? served(before) : ['log in']
  }
  const token = previous === undefined ? answer.token : TokenSet.succeeding(previous)(answer.token)
  const after = move(model, { _tag: 'Redeemed', parent: action.parent, token, now, backOff: MINIMUM_AGE, retryAt })
  // In the background, the old token is served meanwhile.
  return [...served(after), ...(isEnough ? served(before) : [])]
}

// -----------------------------------------------------------------------------
// commands
// -----------------------------------------------------------------------------

/** A cell in one line, without what only times a lease. */
const summary = (cell: Lifecycle.Cell<TokenSet>): string =>
  [
    `epoch ${cell.epoch}`,
    `generation ${cell.generation}`,
    pipe(
      cell.token,
      O.match(
        () => 'no token',
        ({ accessToken }) => Secret.open(accessToken),
      ),
    ),
    ...(cell.refused ? ['refused'] : []),
    `${pipe(
      cell.refusals,
      O.match(
        () => 0,
        ({ count, accepted }) => (accepted === 0 ? count : `${count} and ${accepted}`),
      ),
    )} refusals`,
    ...(O.isSome(cell.lease) ? ['a lease'] : []),
    cell.status._tag,
    // Beside a session that goes on, a careful revoker leaves it for later.
    ...(O.isSome(cell.owed) && cell.status._tag === 'Revoked' ? [`${cell.owed.value.tokens.length} owed`] : []),
  ].join(', ')

const agree = async (model: SourceModel, { cell, bench }: SourceUnderTest): Promise<void> => {
  const [is, should] = [summary(await cell()), summary(model.cell)]
  ensure(is === should, `the store has ${is}, and the model ${should}`)
  const [issued, expected] = [bench.server.state().issued.length, model.server.issued.length]
  ensure(issued === expected, `the server has issued ${issued} tokens, and the model ${expected}`)
}

const command = (
  name: string,
  run: (model: SourceModel, real: SourceUnderTest) => Promise<void>,
  check: (model: SourceModel) => boolean = () => true,
): SourceCommand => ({
  check,
  run: async (model, real) => {
    await run(model, real)
    await agree(model, real)
  },
  toString: () => name,
})

const outcome = (result: E.Either<AuthError, TokenSet>): string => {
  if (E.isRight(result)) return textOf(result)
  return AuthError.causes(result.left).some(({ _tag }) => _tag === 'ReauthenticationRequired') ? 'log in' : 'fails'
}

const getting = (name: string, minValid: Duration, terms: (source: TokenSource) => TokenSource): SourceCommand =>
  command(name, async (model, { bench, source }) => {
    const before = bench.requests().length
    const start = bench.clock.now()
    const result = outcome(await bench.get(terms(source())))
    await bench.settle(source().settled)
    const [sentAt, ...more] = bench.requests().slice(before)
    ensure(more.length === 0, `get sends ${more.length + 1} requests`)
    const expected = sentAt === undefined ? idle(model, start, minValid) : renewing(model, sentAt, minValid)
    ensure(expected.includes(result), `get brings: ${result}; the model: ${expected.join(', or ')}`)
  })
const get = getting('get', millis(0), (source) => source)
const getLasting = (minValid: Duration): SourceCommand =>
  getting(`get what is valid for ${minValid} ms`, minValid, (source) => source.within({ minValid }))

const advance = (by: Duration): SourceCommand => command(`${by} ms pass`, (_, { bench }) => bench.clock.advance(by))

/** Heard or not: the model decides as the lifecycle does. */
const refuse: SourceCommand = command(
  'refuse what is in the store',
  async (model, { bench, source }) => {
    if (O.isNone(model.cell.token)) return
    const { accessToken } = model.cell.token.value
    ensure(E.isRight(await bench.settle(source().invalidate(accessToken))), 'the refusal fails')
    move(model, {
      _tag: 'Refused',
      access: accessToken,
      now: bench.clock.now(),
      accepted: O.isSome(model.accepted) && Secret.eq.equals(model.accepted.value, accessToken),
      minimumAge: MINIMUM_AGE,
    })
  },
  ({ cell }) => O.isSome(cell.token) && cell.status._tag === 'None',
)

const accept: SourceCommand = command(
  'accept what is in the store',
  async (model, { bench, source }) => {
    if (O.isNone(model.cell.token)) return
    const { accessToken } = model.cell.token.value
    // Who accepts a token has read of it.
    await bench.settle(source().inspect)
    source().accept(accessToken)
    await bench.settle(source().settled)
    model.accepted = O.some(accessToken)
    move(model, { _tag: 'Accepted', access: accessToken })
  },
  ({ cell }) => O.isSome(cell.token),
)

/** A login by the source, or one of the application's whose tokens it takes in: to the model they are the same. */
const loggingIn = (by: 'login' | 'adopt'): SourceCommand =>
  command(
    by,
    async (model, { bench, source }) => {
      const now = bench.clock.now()
      const result = outcome(await bench[by](source()))
      const answer = ask(model, { _tag: 'LogIn' }, now)
      if (answer._tag !== 'Issued') return
      const nonce = `login ${++model.drawn}`
      const decision = move(model, {
        _tag: 'LoggedIn',
        from: Lifecycle.placeOf(model.cell),
        nonce,
        token: answer.token,
        retryAt,
      })
      await bench.settle(source().settled)
      revokeAtServer(model, decision, bench.clock.now())
      ensure(served(decision).includes(result), `${by} brings: ${result}; the model: ${served(decision).join()}`)
    },
    ({ selfSufficient }) => !selfSufficient,
  )
const login = loggingIn('login')
const adopt = loggingIn('adopt')

const revoke: SourceCommand = command('revoke', async (model, { bench, source }) => {
  ensure(E.isRight(await bench.settle(source().revoke)), 'the revoke fails')
  const nonce = `revoke ${++model.drawn}`
  const decision = move(model, { _tag: 'RevokeAsked', from: Lifecycle.placeOf(model.cell), nonce, retryAt })
  revokeAtServer(model, decision, bench.clock.now())
})

const restart: SourceCommand = command('the process starts again', async (model, real) => {
  real.restart()
  model.accepted = O.none
})

const lose: SourceCommand = command(
  'the next answer will be lost',
  async (model, { bench }) => {
    bench.script('lost')
    model.isLosing = true
  },
  ({ selfSufficient }) => !selfSufficient,
)

const endAtServer: SourceCommand = command('the server ends the session', async (model, { bench }) => {
  const token = pipe(
    model.cell.token,
    O.map(({ accessToken, refreshToken }) => (O.isSome(refreshToken) ? refreshToken.value : accessToken)),
  )
  if (O.isNone(token)) return
  bench.server.revoke(token.value)()
  ask(model, { _tag: 'Revoke', token: token.value }, bench.clock.now())
})

/**
 * Gets, time, refusals, accepted tokens, logins, revokes, starts, lost answers and the end of a session at the server; each is judged by what it
 * brings, by what the store has then, and by what the server has issued.
 */
export const sourceCommands: ReadonlyArray<fc.Arbitrary<SourceCommand>> = [
  fc.constant(get),
  fc.constant(get),
  fc.constant(get),
  fc.integer({ min: 0, max: 4_000_000 }).map((within) => getLasting(millis(within))),
  advances.map(advance),
  advances.map(advance),
  ...[refuse, refuse, accept, login, adopt, revoke, restart, lose, endAtServer].map((each) => fc.constant(each)),
]

/**
 * A source with its model, for `fc.asyncModelRun`: a person has logged in, where a pipeline needs that.
 *
 * @example
 * import { TokenSource } from '@tessera/core'
 * import { type MakeSource, modelledSource, sourceCommands } from '@tessera/testing'
 * import * as fc from 'fast-check'
 * import { pipe } from 'fp-ts/lib/function.js'
 *
 * const make: MakeSource = ({ strategy, env, ...parts }) => pipe(strategy, TokenSource.make(parts))(env)()
 * const property = fc.asyncProperty(fc.commands([...sourceCommands]), (commands) =>
 *   fc.asyncModelRun(modelledSource({ make }), commands),
 * )
 * void fc.assert(property, { numRuns: 5 })
 */
export const modelledSource =
  ({
    make,
    store = memoryStore,
    mode = { _tag: 'GraceUntilUsed' },
    renewal = 'background',
    selfSufficient = false,
    sourceTimeout = seconds(15),
    seed = 1,
    turn,
  }: ModelledSourceConfig) =>
  async (): Promise<{ readonly model: SourceModel; readonly real: SourceUnderTest }> => {
    const memory = store()
    const bench = makeBench({
      make,
      store: () => memory,
      selfSufficient,
      mode,
      renewal,
      seed,
      ...(turn !== undefined && { turn }),
    })
    let source = bench.source
    const model: SourceModel = {
      cell: Lifecycle.empty,
      server: ServerModel.empty,
      isLosing: false,
      drawn: 0,
      accepted: O.none,
      rules: { mode, lifetime: LIFETIME },
      selfSufficient,
      hold: millis(sourceTimeout + MARGIN),
    }
    const real: SourceUnderTest = {
      bench,
      source: () => source,
      restart: () => {
        source = bench.open()
      },
      cell: async () => {
        const { record } = await done(memory.get(source.key))
        return done(async () => CellCodec.decode(record))
      },
    }
    if (!selfSufficient) await login.run(model, real)
    return { model, real }
  }
