/**
 * The modelled authorization server, with its state inside, as a strategy, a revoker and a transport.
 *
 * @packageDocumentation
 */
import {
  AuthError,
  type Clock,
  type Duration,
  minutes,
  type Revoker,
  type Secret,
  Strategy,
  TokenSet,
} from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { requestOf, responseOf } from './internal/endpoint.js'
import * as ServerModel from './ServerModel.js'
import type { Transport } from './transport.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** The parameters of {@link modelServer}. */
export interface ModelServerConfig {
  readonly mode: ServerModel.Rotation
  readonly clock: Pick<Clock, 'now'>
  /** How long an access token lives, in ms. Default: 60 minutes. */
  readonly lifetime?: Duration
}

/** How often what happened. */
export interface Counts {
  readonly logins: number
  /** Redemptions that were granted, repeats included. */
  readonly redeemed: number
  /** Redemptions of a refresh token that was redeemed before, granted or not; none without rotation. */
  readonly repeated: number
  /** Redemptions that were answered by `invalid_grant`. */
  readonly refused: number
  readonly used: number
  readonly revoked: number
  /** Sessions that a repeated redemption ended. */
  readonly killed: number
}

/** The server. Each call takes effect at once: a test decides by itself when a request arrives and when an answer does. */
export interface ModelServer {
  /** A session begins: a person logged in. */
  readonly login: IO<TokenSet>
  /** A token without a refresh token: client credentials, or an assertion. */
  readonly issue: IO<TokenSet>
  readonly redeem: (refreshToken: Secret) => IO<E.Either<AuthError, TokenSet>>
  /** An API call with an access token: false is its 401. */
  readonly use: (accessToken: Secret) => IO<boolean>
  /** By either token of a pair: see {@link ServerModel.Request}. */
  readonly revoke: (token: Secret) => IO<void>
  /** Whether the session of a token, of either kind, can still be renewed. */
  readonly isAlive: (token: Secret) => IO<boolean>
  /** Any request of the model. */
  readonly ask: (request: ServerModel.Request) => IO<ServerModel.Answer>
  readonly counts: IO<Counts>
  /** What it knows, for {@link ServerModel}'s questions. */
  readonly state: IO<ServerModel.ServerState>
  /** Redeems the refresh token of the attempt's `previous`, through `wire` where there is one. */
  readonly refreshing: (wire?: Wire) => Strategy<unknown>
  /** Revokes the refresh token, or else the access token, through `wire` where there is one. */
  readonly revoking: (wire?: Wire) => Revoker<unknown>
  /** The same server behind HTTP, for strategies that send: any token endpoint and any revocation endpoint are its own. */
  readonly http: Transport
}

/**
 * What is between a client and the server: it may delay the request (before `call` is run) or the answer (after), run it and
 * lose the answer, or not run it at all.
 */
export type Wire = <A>(call: TaskEither<AuthError, A>) => TaskEither<AuthError, A>

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

const direct: Wire = (call) => call

const URL = 'https://server.example/token'

const invalidGrant: AuthError = AuthError.rejected({
  method: 'POST',
  url: URL,
  status: 400,
  error: O.some('invalid_grant'),
  description: O.none,
  requestId: O.none,
  date: O.none,
  retryAfter: O.none,
})

/**
 * A server that is empty at first. Its tokens are counted: the first login brings `access-1` and `refresh-1`.
 *
 * @example
 * import { modelServer, testClock } from '@tessera/testing'
 * import * as O from 'fp-ts/lib/Option.js'
 *
 * const server = modelServer({ mode: { _tag: 'Strict', killsFamily: true }, clock: testClock() })
 * const { refreshToken } = server.login()
 * assert.ok(O.isSome(refreshToken))
 * assert.strictEqual(server.redeem(refreshToken.value)()._tag, 'Right')
 * assert.strictEqual(server.redeem(refreshToken.value)()._tag, 'Left')
 * assert.strictEqual(server.counts().killed, 1)
 */
export const modelServer = ({ mode, clock, lifetime = minutes(60) }: ModelServerConfig): ModelServer => {
  const serve = ServerModel.serve({ mode, lifetime })
  const counts = { logins: 0, redeemed: 0, repeated: 0, refused: 0, used: 0, revoked: 0, killed: 0 }
  let state = ServerModel.empty

  const ask = (request: ServerModel.Request): ServerModel.Answer => {
    const [answer, next] = serve(request, clock.now())(state)
    state = next
    if (request._tag === 'LogIn') counts.logins++
    if (request._tag === 'Use') counts.used++
    if (request._tag === 'Revoke') counts.revoked++
    if (request._tag === 'Redeem' && answer._tag === 'Issued') counts.redeemed++
    if (answer._tag === 'InvalidGrant') counts.refused++
    if (answer._tag === 'InvalidGrant' && answer.kills) counts.killed++
    if ('isRepeated' in answer && answer.isRepeated) counts.repeated++
    return answer
  }

  const token = (answer: ServerModel.Answer): E.Either<AuthError, TokenSet> =>
    answer._tag === 'Issued' ? E.right(answer.token) : E.left(invalidGrant)

  const issued = (request: ServerModel.Request): TokenSet => {
    const answer = token(ask(request))
    if (E.isLeft(answer)) throw AuthError.toError(answer.left)
    return answer.right
  }

  const redeem: ModelServer['redeem'] = (of) => () => token(ask({ _tag: 'Redeem', token: of }))

  const revoke: ModelServer['revoke'] = (of) => () => void ask({ _tag: 'Revoke', token: of })

  const answering =
    <A>(call: IO<E.Either<AuthError, A>>): TaskEither<AuthError, A> =>
    async () =>
      call()

  return {
    login: () => issued({ _tag: 'LogIn' }),
    issue: () => issued({ _tag: 'Issue' }),
    redeem,
    use: (accessToken) => () => {
      const answer = ask({ _tag: 'Use', token: accessToken })
      return answer._tag === 'Used' && answer.isTaken
    },
    revoke,
    isAlive: (of) => () => ServerModel.isAlive(of)(state),
    ask: (request) => () => ask(request),
    counts: () => ({ ...counts }),
    state: () => state,
    refreshing: (wire = direct) =>
      Strategy.make(
        { needsRefreshToken: true },
        ({ previous }) =>
          () =>
            pipe(
              previous,
              O.flatMap(({ refreshToken }) => refreshToken),
              O.match(
                () => async () => E.left(AuthError.notApplicable('there is no refresh token')),
                (refreshToken) => wire(answering(redeem(refreshToken))),
              ),
              (answer): TaskEither<AuthError, TokenSet> =>
                async () =>
                  pipe(
                    await answer(),
                    E.map((next) => (O.isSome(previous) ? TokenSet.succeeding(previous.value)(next) : next)),
                  ),
            ),
      ),
    revoking: (wire = direct) => {
      const revoker: Revoker<unknown> =
        ({ accessToken, refreshToken }) =>
        () =>
        () =>
          wire(answering(() => E.right(revoke(O.isSome(refreshToken) ? refreshToken.value : accessToken)())))
      return Object.assign(revoker, { ends: 'grant' as const })
    },
    http: { send: (request) => async () => E.right(responseOf(ask(requestOf(request)))) },
  }
}
