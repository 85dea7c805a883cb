/**
 * A login in the person's own browser (RFC 8252), as a strategy.
 */
import {
  AuthError,
  type Clock,
  type ClockEnv,
  earliest,
  type Limits,
  plus,
  type RandomEnv,
  Strategy,
  seconds,
} from '@tessera/core'
import {
  authorizationCode,
  type Callback,
  type Client,
  callback,
  type DigestEnv,
  type TokenEnv,
  type Transaction,
} from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import type { ReaderIO } from 'fp-ts/lib/ReaderIO.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { listen } from './loopback.js'

export interface BrowserLoginOptions {
  readonly client: Client
  /** Begins the login, whose callback comes to an address. */
  readonly begin: (redirectUri: string) => ReaderIO<RandomEnv & DigestEnv & ClockEnv, E.Either<AuthError, Transaction>>
  /** Whether a login without a refresh token is one. */
  readonly refreshTokenRequired: boolean
  /** Where the callback comes to; 0 for a free port. */
  readonly port: number
  /** Sends the person to an address. It is not awaited. */
  readonly visit: (url: string) => void
  /** What the person came back with, before it is exchanged. */
  readonly onCallback: (callback: Callback) => void
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

/** PKCE with S256, a state of one use, and a listener that ends with the login. */
export const browserLogin = ({
  client,
  begin,
  refreshTokenRequired,
  port,
  visit,
  onCallback,
}: BrowserLoginOptions): Strategy<TokenEnv & DigestEnv & ClockEnv> =>
  Strategy.make({ interactive: true }, (attempt) => (env) => async () => {
    const listening = await listen(port)()
    if (E.isLeft(listening)) return listening
    const loopback = listening.right
    let answered: Awaited<ReturnType<ReturnType<typeof loopback.callback>>>
    try {
      const { redirectUri } = loopback
      const begun = begin(redirectUri)(env)()
      if (E.isLeft(begun)) return begun
      const wait = loopback.callback(callback(begun.right))
      const waiting = bounded(env.clock, attempt, wait)()
      visit(begun.right.url)
      answered = await waiting
    } finally {
      await loopback.close()
    }
    if (E.isLeft(answered)) return answered
    onCallback(answered.right)
    const deadline = earliest(attempt.deadline, plus(env.clock.now(), EXCHANGE))
    return authorizationCode({ client, refreshTokenRequired, ...answered.right })({ ...attempt, deadline })(env)()
  })
