/**
 * What gives tokens: sessions, asked by many programs, and what is known of who asked.
 *
 * @packageDocumentation
 */
import {
  type AuthError,
  type Clock,
  type Duration,
  type Inspection,
  type Instant,
  plus,
  type Secret,
  type SourceEvent,
  seconds,
  type TokenSet,
} from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type Events, makeEvents } from './Events.js'
import type { Refusal } from './Refusal.js'
import type { OpenSession, Sessions } from './Sessions.js'
import { makeTally, type Tally } from './Tally.js'

/** What a program asks for. */
export interface TokenRequest {
  /** Where none is named, the one that is meant then. */
  readonly profile: O.Option<string>
  /** How long the token has to live at least. */
  readonly minValid: Duration
  /** The program, by the name that it gives itself. */
  readonly asker: string
  /** Aborts when it has gone. */
  readonly signal: AbortSignal
}

/** A token, and whose it is. It has no refresh token, and nothing else that came with it. */
export interface Given {
  readonly profile: string
  /** Of the provider, where it has one. */
  readonly issuer: string | undefined
  readonly token: TokenSet
}

/** A session as it may be shown, or why it cannot be. */
export interface Shown {
  readonly profile: string
  /** Whether a person logs in to it. */
  readonly canLogIn: boolean
  readonly inspection: E.Either<Refusal, Inspection>
}

/** The parameters of {@link makeBroker}. */
export interface BrokerOptions {
  /** Makes the sessions, whose sources tell the broker what happens to them. */
  readonly sessions: (observe: (profile: string, event: SourceEvent) => void) => Sessions
  readonly clock: Clock
  /** How long a program waits for a token at most, in ms. Default: 30 s. */
  readonly timeout?: Duration | undefined
}

/** A broker, whatever way it is asked. */
export interface Broker {
  readonly give: (request: TokenRequest) => TE.TaskEither<Refusal, Given>
  /** Says that a server refused a token: one renewal follows for all. */
  readonly refuse: (profile: O.Option<string>, token: Secret<'AccessToken'>) => TE.TaskEither<Refusal, void>
  readonly sessions: Sessions
  /** All sessions, without a secret. */
  readonly show: T.Task<ReadonlyArray<Shown>>
  /** Of the sessions that were asked for, those whose token's end is known. */
  readonly expiring: IO<ReadonlyArray<{ readonly profile: string; readonly expiresAt: Instant }>>
  readonly tally: Tally
  readonly events: Events
  readonly clock: Clock
  readonly startedAt: Instant
}

/** Nothing but the access token leaves a broker. */
const alone = (token: TokenSet): TokenSet => ({ ...token, refreshToken: O.none, members: new Map() })

/**
 * A broker over sessions. It opens them when they are asked for, and ends none: whoever made them does.
 *
 * @example
 * import { makeBroker, sessionsOf } from '@tessera/broker'
 * import { memoryStore, millis, remoteCallback, TokenSource } from '@tessera/core'
 * import { openSource, systemClock } from '@tessera/node'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import * as O from 'fp-ts/lib/Option.js'
 *
 * const work = openSource(pipe(remoteCallback(() => 'abc'), TokenSource.make({ store: memoryStore() })))
 * const broker = makeBroker({ sessions: () => sessionsOf({ work }), clock: systemClock })
 * const { signal } = new AbortController()
 * void broker.give({ profile: O.none, minValid: millis(0), asker: 'me', signal })().then((given) => {
 *   assert.strictEqual(given._tag, 'Right')
 * })
 */
export const makeBroker = ({ sessions: make, clock, timeout = seconds(30) }: BrokerOptions): Broker => {
  const tally = makeTally(clock)
  const events = makeEvents(clock)
  const sessions = make((profile, event) => {
    tally.heard(profile, event)
    events.tell(profile, event)
  })
  const opened = new Map<string, OpenSession>()
  const open = (profile: O.Option<string>): TE.TaskEither<Refusal, OpenSession> =>
    pipe(
      sessions.open(profile),
      TE.map((session) => {
        opened.set(session.profile, session)
        return session
      }),
    )
  const explained =
    <A>(of: (session: OpenSession) => TE.TaskEither<AuthError, A>) =>
    (session: OpenSession): TE.TaskEither<Refusal, A> =>
      pipe(of(session), TE.mapLeft(session.explain))

  return {
    give: (request) =>
      pipe(
        open(request.profile),
        TE.flatMap((session) => {
          const { profile, issuer, source } = session
          const { signal, minValid } = request
          const within = source.within({ deadline: plus(clock.now(), timeout), signal, minValid })
          return pipe(
            explained(() => within.get)(session),
            TE.map((token): Given => ({ profile, issuer, token: alone(token) })),
            T.map((given) => {
              tally.asked(profile, request.asker, E.isRight(given) ? 'served' : given.left.error)
              events.asked()
              return given
            }),
          )
        }),
      ),
    refuse: (profile, token) =>
      pipe(
        open(profile),
        TE.flatMap((session) => {
          tally.refused(session.profile)
          return explained(({ source }) => source.within({ deadline: plus(clock.now(), timeout) }).invalidate(token))(
            session,
          )
        }),
      ),
    sessions,
    show: pipe(
      sessions.names,
      T.flatMap(
        T.traverseArray((profile) => async () => {
          const opened = await open(O.some(profile))()
          if (E.isLeft(opened)) return { profile, canLogIn: false, inspection: opened }
          const { source, canLogIn = false } = opened.right
          const within = source.within({ deadline: plus(clock.now(), timeout) })
          return { profile, canLogIn, inspection: await explained(() => within.inspect)(opened.right)() }
        }),
      ),
    ),
    expiring: () =>
      [...opened.values()].flatMap(({ profile, source }) =>
        pipe(
          source.peek(),
          O.flatMap(({ expiresAt }) => expiresAt),
          O.match(
            () => [],
            (expiresAt) => [{ profile, expiresAt }],
          ),
        ),
      ),
    tally,
    events,
    clock,
    startedAt: clock.now(),
  }
}
