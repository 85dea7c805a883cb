/**
 * What a broker answers over HTTP, by the path.
 *
 * @packageDocumentation
 */
import { inspectionJson, iso, Secret, seconds } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { constVoid, pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import type { Broker, Shown, TokenRequest } from './Broker.js'
import type { Happening } from './Events.js'
import { type Answer, header, type Incoming, json, parsed, refused, text } from './Incoming.js'
import { LONGEST, tokenAnswer } from './internal/answers.js'
import { metrics } from './internal/metrics.js'
import { type Refusal, refusal } from './Refusal.js'
import { askerOf, type Counts } from './Tally.js'

/** Answers a request; nothing where it is none of its own. */
export type Route = (request: Incoming) => O.Option<T.Task<Answer>>

/** How long a token is asked to live, in s. */
export const lifetimeOf = (name: string, value: number): E.Either<Refusal, number> =>
  value >= 0 && value <= LONGEST
    ? E.right(value)
    : E.left(refusal('invalid_request', `${name} is a number of seconds, ${LONGEST} at most`))

/** The same as a text says it. */
export const secondsIn = (text: string | undefined): E.Either<Refusal, number> =>
  lifetimeOf('min_valid', /^\d+(\.\d+)?$/.test(text ?? '0') ? Number(text ?? 0) : Number.NaN)

/** The request for a token that a request of HTTP is. */
export const tokenRequest = (request: Incoming, profile: O.Option<string>, minValid: number): TokenRequest => ({
  profile,
  minValid: seconds(minValid),
  asker: askerOf(header(request, 'user-agent')),
  signal: request.signal,
})

const token = (broker: Broker, request: Incoming): T.Task<Answer> =>
  pipe(
    TE.fromEither(secondsIn(request.query.get('min_valid') ?? undefined)),
    TE.flatMap((minValid) =>
      broker.give(tokenRequest(request, O.fromNullable(request.query.get('profile')), minValid)),
    ),
    TE.match(refused, (given) => json(tokenAnswer(given))),
  )

const Refused = t.intersection([t.type({ access_token: t.string }), t.partial({ profile: t.string })])

const refuse = (broker: Broker, { body }: Incoming): T.Task<Answer> => {
  const said = parsed(body)
  return Refused.is(said)
    ? pipe(
        broker.refuse(O.fromNullable(said.profile), Secret.make('AccessToken', said.access_token)),
        TE.match(refused, () => text(204, 'text/plain', '')),
      )
    : async () => refused(refusal('invalid_request', 'the body is no JSON with an access_token'))
}

const shownCounts = ({ outcomes, renewed, failed, refused: said, askers, minutes }: Counts) => ({
  asked: Object.fromEntries(outcomes),
  renewed,
  failed,
  refused: said,
  askers: askers.map(({ name, count, lastAt }) => ({ name, count, last_at: iso(O.some(lastAt)) })),
  minutes: minutes.map(({ at, ...counts }) => ({ at: iso(O.some(at)), ...counts })),
})

/** A session and its counts, as JSON has them. */
const shown =
  ({ tally }: Broker) =>
  ({ profile, canLogIn, inspection }: Shown) => ({
    profile,
    can_log_in: canLogIn,
    ...(E.isRight(inspection)
      ? inspectionJson(inspection.right)
      : { state: 'unknown', error: inspection.left.error, error_description: inspection.left.description }),
    ...shownCounts(tally.of(profile)),
  })

const eventText = ({ at, what, profile, expiresAt, error, description }: Happening): string =>
  `event: ${what}\ndata: ${JSON.stringify({
    at: new Date(at).toISOString(),
    profile,
    ...(expiresAt !== undefined && { expires_at: iso(O.some(expiresAt)) }),
    error,
    error_description: description,
  })}\n\n`

/** All sessions, without a secret. */
export const shownSessions =
  (broker: Broker): T.Task<object> =>
  async () => ({ sessions: (await broker.show()).map(shown(broker)) })

/** What happens, as server-sent events. */
export const streamOf = (broker: Broker): Answer => ({
  _tag: 'Stream',
  open: (write) => {
    const stop = broker.events.listen((happening) => write(eventText(happening)))
    if (O.isNone(stop)) {
      write('event: full\ndata: {}\n\n')
      return constVoid
    }
    write(': a broker of tessera\n\n')
    return stop.value
  },
})

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000_000
}

/** The paths of the broker's own. */
export const ownRoutes =
  (broker: Broker): Route =>
  (request) => {
    const now = (answer: () => Answer): O.Option<T.Task<Answer>> => O.some(async () => answer())
    switch (`${request.method} ${request.path}`) {
      case 'GET /token':
        return O.some(token(broker, request))
      case 'POST /refused':
        return O.some(refuse(broker, request))
      case 'GET /health':
        return now(() => json({ status: 'ok', pid: process.pid, started_at: iso(O.some(broker.startedAt)) }))
      case 'GET /sessions':
        return O.some(async () => json(await shownSessions(broker)()))
      case 'GET /metrics':
        return now(() =>
          text(
            200,
            'text/plain; version=0.0.4; charset=utf-8',
            metrics(broker.tally.all(), broker.expiring(), {
              startedAt: broker.startedAt,
              memory: process.memoryUsage.rss(),
              cpu: cpuSeconds(),
            }),
          ),
        )
      case 'GET /events':
        return now(() => streamOf(broker))
      default:
        return O.none
    }
  }

/** The first route that has an answer; 404 where none has. */
export const answering =
  (...routes: ReadonlyArray<Route>): ((request: Incoming) => T.Task<Answer>) =>
  (request) => {
    for (const route of routes) {
      const answer = route(request)
      if (O.isSome(answer)) return answer.value
    }
    return async () => refused(refusal('not_found', 'there is nothing here'))
  }
