/**
 * A login in the person's own browser (RFC 8252), as a strategy.
 *
 * @packageDocumentation
 */
import { AuthError, type Clock, type ClockEnv, earliest, type Limits, plus, Strategy, seconds } from '@tessera/core'
import {
  authorizationCode,
  type Callback,
  type Client,
  callback,
  type TokenEnv,
  type Transaction,
} from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { loopback } from './loopback.js'

/** A login under way: what was begun, and the client that takes its code to the server. */
export interface BegunLogin {
  readonly client: Client
  readonly transaction: Transaction
}

/** The parameters of {@link browserLogin}. */
export interface BrowserLoginOptions<R> {
  /** Begins the login whose callback comes to `redirectUri`: by `authorizationRequest`, for a client that may be sent back there. */
  readonly begin: (redirectUri: string, limits: Required<Limits>) => ReaderTaskEither<R, AuthError, BegunLogin>
  /** Sends the person to an address. It is not awaited. */
  readonly visit: (url: string) => void
  /** Where the callback comes to. Default: 0, a free port. */
  readonly port?: number | undefined
  /** Whether an answer without a refresh token, which no session can be renewed by, is `Malformed`. Default: false. */
  readonly refreshTokenRequired?: boolean | undefined
  /** Told what the person came back with, before it is exchanged. */
  readonly onCallback?: ((callback: Callback) => void) | undefined
}

const EXCHANGE = seconds(30)

/** The first of the callback, the deadline, and an interruption. */
const bounded =
  <A>(clock: Clock, { deadline, signal }: Required<Limits>, wait: TaskEither<AuthError, A>): TaskEither<AuthError, A> =>
  async () => {
    const timer = new AbortController()
    const stop = (): void => timer.abort()
    if (signal.aborted) return E.left(AuthError.aborted)
    signal.addEventListener('abort', stop, { once: true })
    try {
      return await Promise.race([
        wait(),
        clock
          .sleep(seconds((deadline - clock.now()) / 1_000), timer.signal)()
          .then(() => E.left(signal.aborted ? AuthError.aborted : AuthError.timedOut('a person to log in'))),
      ])
    } finally {
      signal.removeEventListener('abort', stop)
      timer.abort()
    }
  }

/**
 * Listens by {@link loopback}, sends the person to the server, waits for the callback and exchanges its code. The listener ends with the
 * login. For `source.login`, or as the strategy of a source with a long `timeout`.
 *
 * Errors: those of `begin` and of the exchange; `Misconfigured` of the `port` where nobody can listen there; `TimedOut` where the person
 * did not come back by the deadline.
 *
 * @example
 * import { browserLogin } from '@tessera/node'
 * import { authorizationRequest, Client } from '@tessera/oauth2'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import * as TE from 'fp-ts/lib/TaskEither.js'
 * import type { NodeEnv } from '@tessera/node'
 *
 * const client = Client.make({
 *   id: 'app',
 *   tokenEndpoint: 'https://as.example/token',
 *   authorizationEndpoint: 'https://as.example/authorize',
 * })
 * const login = browserLogin({
 *   begin: (redirectUri) => (env: NodeEnv) =>
 *     pipe(
 *       TE.fromIOEither(authorizationRequest({ client, redirectUri, scope: ['read'] })(env)),
 *       TE.map((transaction) => ({ client, transaction })),
 *     ),
 *   visit: (url) => console.log(`Open ${url}`),
 * })
 * assert.strictEqual(login.traits?.interactive, true)
 */
export const browserLogin = <R>({
  begin,
  visit,
  port = 0,
  refreshTokenRequired = false,
  onCallback,
}: BrowserLoginOptions<R>): Strategy<R & TokenEnv & ClockEnv> =>
  Strategy.make({ interactive: true }, (attempt) => (env) => async () => {
    const listening = await loopback(port)()
    if (E.isLeft(listening)) return listening
    const { redirectUri, callback: awaited, close } = listening.right
    let begun: E.Either<AuthError, BegunLogin>
    let answered: E.Either<AuthError, Callback>
    try {
      begun = await begin(redirectUri, attempt)(env)()
      if (E.isLeft(begun)) return begun
      const waiting = bounded(env.clock, attempt, awaited(callback(begun.right.transaction)))()
      visit(begun.right.transaction.url)
      answered = await waiting
    } finally {
      await close()
    }
    if (E.isLeft(answered)) return answered
    onCallback?.(answered.right)
    const { client } = begun.right
    const deadline = earliest(attempt.deadline, plus(env.clock.now(), EXCHANGE))
    return authorizationCode({ client, refreshTokenRequired, ...answered.right })({ ...attempt, deadline })(env)()
  })
