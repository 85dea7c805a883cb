/**
 * The strategy that has a broker of this machine give the token.
 *
 * @packageDocumentation
 */
import {
  type Attempt,
  AuthError,
  between,
  type ClockEnv,
  checking,
  type Instant,
  race,
  Secret,
  type ServerAnswer,
  Strategy,
  seconds,
  type TokenSet,
} from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as J from 'fp-ts/lib/Json.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { LONGEST, TokenAnswer, tokenIn } from './internal/answers.js'
import { ask, type Question, type Said } from './internal/ask.js'
import { codeOf } from './internal/code.js'
import { brokerSocket } from './socketPath.js'

/** The parameters of {@link brokerStrategy}. */
export interface BrokerStrategyOptions {
  /** Default: {@link brokerSocket}. */
  readonly socket?: string | undefined
  /** Default: the one that the broker means where none is named. */
  readonly profile?: string | undefined
}

const RefusalAnswer = t.intersection([
  t.type({ error: t.string, error_description: t.string }),
  t.partial({ next: t.string, reason: t.string }),
])
type RefusalAnswer = t.TypeOf<typeof RefusalAnswer>

const isReason = t.keyof({ 'refresh token rejected': null, revoked: null, 'nothing to redeem': null }).is

const words = ({ error_description, next }: RefusalAnswer): string =>
  next === undefined ? error_description : `${error_description}; mend it by: ${next}`

const answerOf = (url: string, { status, retryAfter }: Said, refusal: RefusalAnswer): ServerAnswer => ({
  method: 'GET',
  url,
  status,
  error: O.some(refusal.error),
  description: O.some(words(refusal)),
  requestId: O.none,
  date: O.none,
  retryAfter: pipe(O.fromNullable(retryAfter), O.map(seconds)),
})

/** The error that a refusal is here. */
const errorOf = (url: string, said: Said, refusal: RefusalAnswer): AuthError => {
  switch (refusal.error) {
    case 'login_required':
      return AuthError.reauthenticationRequired(
        isReason(refusal.reason) ? refusal.reason : 'nothing to redeem',
        O.some(answerOf(url, said, refusal)),
      )
    case 'unknown_profile':
      return AuthError.misconfigured('profile', words(refusal))
    case 'misconfigured':
      return AuthError.misconfigured('broker', words(refusal))
    case 'timed_out':
      return AuthError.timedOut('the broker')
    case 'no_answer':
      return AuthError.outcomeUnknown({ url, reason: words(refusal), answer: O.none, repeatable: true })
    default:
      return AuthError.rejected(answerOf(url, said, refusal))
  }
}

const unreadable = (expected: string): AuthError =>
  AuthError.malformed({ what: 'answer of the broker', path: '', expected, repeatable: true })

const decoded = (url: string, said: Said): E.Either<AuthError, TokenSet> =>
  pipe(
    J.parse(said.body),
    E.mapLeft(() => unreadable('JSON')),
    E.flatMap((body) => {
      if (said.status === 200 && TokenAnswer.is(body)) return E.right(tokenIn(body))
      return E.left(RefusalAnswer.is(body) ? errorOf(url, said, body) : unreadable('a token or a refusal'))
    }),
  )

/** Nobody was reached: there is no such socket, nobody listens, or it is another user's. */
const NOT_SENT = ['ENOENT', 'ECONNREFUSED', 'EACCES', 'EPERM', 'ENOTDIR', 'EAGAIN']

const failure =
  (url: string) =>
  (error: unknown): AuthError => {
    const code = codeOf(error)
    return NOT_SENT.includes(code)
      ? AuthError.unreachable(url, `no broker answers there (${code}); start one by: tessera serve`)
      : AuthError.outcomeUnknown({
          url,
          reason: `the broker gave no answer (${code})`,
          answer: O.none,
          repeatable: true,
        })
  }

/** How long the token that went stale is valid still, in ms. */
const leftOf = ({ previous }: Attempt, now: Instant): number =>
  pipe(
    previous,
    O.flatMap(({ expiresAt }) => expiresAt),
    O.match(
      () => 0,
      (end) => Math.max(0, between(now, end)),
    ),
  )

/** For how long a token is asked for, in s: as long as it is wanted, and for longer than the one lives that is to be renewed early. */
const validFor = (attempt: Attempt, now: Instant): number => {
  const { minValid = 0, refused = false } = attempt
  const left = refused ? 0 : leftOf(attempt, now)
  return Math.min(LONGEST, Math.ceil(Math.max(minValid, left > 0 ? left + seconds(1) : 0) / seconds(1)))
}

/**
 * Asks the broker at a socket, `tessera serve` say, for the token of a profile. Many applications then share one session, of which the
 * broker alone has the refresh token. A token that is refused here is refused there, so that all get the next one.
 *
 * Errors: `Unreachable` where no broker answers, which may be tried again; `Misconfigured` of `profile` where it has no such;
 * `ReauthenticationRequired` where a person has to log in, which is done at the broker: the next call finds the new session; `Rejected`,
 * with the broker's words, for what its server answered; `OutcomeUnknown`, which may be repeated, where the broker ended meanwhile.
 *
 * @example
 * import { brokerStrategy } from '@tessera/broker'
 * import { memoryStore, TokenSource } from '@tessera/core'
 * import { openSource } from '@tessera/node'
 * import { pipe } from 'fp-ts/lib/function.js'
 *
 * const source = openSource(
 *   pipe(brokerStrategy({ socket: '/no/such.sock', profile: 'work' }), TokenSource.make({ store: memoryStore() })),
 * )
 * void source.get().then((token) => {
 *   assert.strictEqual(token._tag === 'Left' && token.left._tag, 'Unreachable')
 * })
 */
export const brokerStrategy = checking(
  'brokerStrategy takes { socket, profile }',
  {
    socket: { is: (value) => value === undefined || typeof value === 'string', expected: 'the path of a socket' },
    profile: { is: (value) => value === undefined || typeof value === 'string', expected: 'the name of a profile' },
  },
  (error): Strategy<ClockEnv> => Strategy.left(error),
  ({ socket = brokerSocket(), profile }: BrokerStrategyOptions): Strategy<ClockEnv> => {
    const url = `unix:${socket}`
    const named = profile === undefined ? {} : { profile }
    const sent = (signal: AbortSignal, question: Omit<Question, 'socket' | 'signal'>) =>
      TE.tryCatch(() => ask({ socket, signal, ...question }), failure(url))

    const get = (signal: AbortSignal, minValid: number): TE.TaskEither<AuthError, TokenSet> => {
      const query = new URLSearchParams({ ...named, ...(minValid > 0 && { min_valid: String(minValid) }) })
      return pipe(
        sent(signal, { method: 'GET', path: `/token?${query}` }),
        TE.flatMapEither((said) => decoded(url, said)),
      )
    }
    const refuse = (signal: AbortSignal, { accessToken }: TokenSet): TE.TaskEither<AuthError, unknown> =>
      sent(signal, {
        method: 'POST',
        path: '/refused',
        body: JSON.stringify({ ...named, access_token: Secret.open(accessToken) }),
      })

    const asked = (attempt: Attempt, now: Instant, signal: AbortSignal): TE.TaskEither<AuthError, TokenSet> => {
      const { previous, refused = false } = attempt
      const next = get(signal, validFor(attempt, now))
      return refused && O.isSome(previous)
        ? pipe(
            refuse(signal, previous.value),
            TE.flatMap(() => next),
          )
        : next
    }

    return Strategy.make({}, (attempt) => ({ clock }) => async () => {
      const over = new AbortController()
      const silent = failure(url)({ code: 'ETIMEDOUT' })
      const task = asked(attempt, clock.now(), over.signal)
      try {
        return await race(clock, attempt, silent, AuthError.aborted, task)()
      } finally {
        over.abort(null)
      }
    })
  },
)
