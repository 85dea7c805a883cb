/**
 * Processes that share sessions: each a source with a client and a store of its own, over one sandbox. They are judged as they
 * go on, and all that they say is searched for secrets.
 */
import {
  AuthError,
  type Duration,
  earliest,
  type Inspection,
  instant,
  millis,
  plus,
  Secret,
  type SourceEvent,
  Strategy,
  seconds,
  TokenSet,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { nodeEnv, openSource } from '@tessera/node'
import { Client, refreshToken } from '@tessera/oauth2'
import { type Sandbox, startSandbox } from '@tessera/sandbox'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Context, Findings } from './Fault.js'
import { makeStopwatch } from './overdue.js'
import { printed, printedResult } from './printed.js'
import { makeTally, type Tally } from './tally.js'

/** How long a renewal may take: longer than a busy machine keeps a process waiting, since a strict server forgives no lost answer. */
const RENEWAL = seconds(5)
/** The clocks of a row's processes and of Redis are one, but each is read a moment later. */
const MARGIN = 20

type Outcome<A> = E.Either<AuthError, A>

/** Where a session is. */
export interface Place {
  readonly epoch: number
  readonly generation: number
}

const isBefore = (a: Place, b: Place): boolean =>
  a.epoch < b.epoch || (a.epoch === b.epoch && a.generation < b.generation)

const shown = ({ epoch, generation }: Place): string => `(${epoch}, ${generation})`

/** A session, and the token set that its processes start with. */
export interface Session {
  readonly key: string
  readonly initial: TokenSet
  /** How the sandbox names it. */
  readonly id: string
}

/** One process of a session. */
export interface Member {
  readonly name: string
  readonly source: TokenSource
  /** Asks for a token, which must be there, or an error, within so many ms. A token that is valid must be served. */
  readonly ask: (timeout: number) => Promise<Outcome<TokenSet>>
  readonly refuse: (token: TokenSet, timeout: number) => Promise<Outcome<void>>
  readonly inspect: (timeout: number) => Promise<Outcome<Inspection>>
  /** The furthest place that it has seen. */
  readonly seen: () => Place
  /** What its source has told, of a kind. */
  readonly told: (tag: SourceEvent['_tag']) => number
  readonly renewing: Promise<void>
}

/** The parameters of {@link Fleet.member}. */
export interface MemberConfig {
  readonly name: string
  readonly session: Session
  readonly store: TokenStore
  /** How long it may serve what it knows. */
  readonly maxStale?: Duration
  /** How long a renewal may take. Default: 5 s. */
  readonly renewal?: Duration
  /** Hears what the source tells, and when. */
  readonly observe?: (event: SourceEvent) => void
}

export interface Fleet {
  readonly box: Sandbox
  readonly tally: Tally
  /** A new session, whose first token is due for renewal in 100 to 600 ms and ends after `validFor` (ms). */
  readonly session: (key: string, validFor?: number) => Session
  readonly member: (config: MemberConfig) => Member
  /** How many requests were declared as recoveries of lost ones. */
  readonly recoveries: () => number
  /** How often a member told it, in all sessions. */
  readonly told: (tag: SourceEvent['_tag']) => number
  /** How many of a session's refresh tokens the server has redeemed. */
  readonly redeemed: (session: Session) => number
  /** Counts double redemptions, but as many as were declared. */
  readonly findings: (note?: string) => Findings
  readonly close: () => Promise<void>
}

export const makeFleet = async (context: Context): Promise<Fleet> => {
  const { canaries } = context
  const tally = makeTally()
  const stopwatch = makeStopwatch()
  const env = nodeEnv()
  const box = await startSandbox({ rotation: 'strict' })
  canaries.remember(box.client.secret)
  // Long enough for a fault to fall between the request and its answer.
  box.faults.next({ kind: 'latency', ms: 15, grantType: 'refresh_token', times: 1e9 })
  const client = Client.make({
    id: box.client.id,
    secret: box.client.secret,
    tokenEndpoint: box.endpoints.token,
  })
  // The first request loads what requests need, and all sessions would wait for it while their time runs.
  const first = box.issue()
  canaries.remember(first.accessToken, first.refreshToken)
  const previous = O.some(
    TokenSet.make(Secret.make('AccessToken', first.accessToken), {
      refreshToken: O.some(Secret.make('RefreshToken', first.refreshToken)),
    }),
  )
  await refreshToken({ client })(Strategy.attempt(seconds(60), { previous })(env)())(env)()
  /** Tokens that a member has refused: known to all at once where their store tells of changes. */
  const refused = new Set<string>()
  const said = new Set<string>()
  const say = (text: string): void => {
    if (said.has(text)) return
    said.add(text)
    canaries.wrote(text)
  }
  const counts = new Map<SourceEvent['_tag'], number>()
  const count = (tag: SourceEvent['_tag']): number => counts.get(tag) ?? 0
  let recoveries = 0

  const remember = ({ accessToken, refreshToken }: TokenSet): void => {
    canaries.remember(Secret.open(accessToken))
    if (O.isSome(refreshToken)) canaries.remember(Secret.open(refreshToken.value))
  }

  const timed = async <A>(timeout: number, use: TaskEither<AuthError, A>): Promise<Outcome<A>> => {
    const outcome = await stopwatch.time(timeout, use)
    if (E.isLeft(outcome)) say(printedResult(outcome))
    return outcome
  }

  const member: Fleet['member'] = ({ name, session, store, maxStale, renewal = RENEWAL, observe }) => {
    const who = `${session.key}, ${name}`
    const own = new Map<SourceEvent['_tag'], number>()
    let seen: Place = { epoch: 0, generation: 0 }
    let held: O.Option<TokenSet> = O.none
    let startsRenewing: () => void = () => undefined
    const renewing = new Promise<void>((resolve) => {
      startsRenewing = resolve
    })
    const sees = (place: Place, what: string): void => {
      if (isBefore(place, seen)) {
        tally.staleOverwrites++
        tally.problem(`${who}: ${what} at ${shown(place)} after it had seen ${shown(seen)}`)
      } else seen = place
    }
    const hears = (event: SourceEvent): void => {
      own.set(event._tag, (own.get(event._tag) ?? 0) + 1)
      counts.set(event._tag, count(event._tag) + 1)
      say(printed({ ...event, key: '', until: 0, expiresAt: 0 }))
      if (event._tag === 'Renewing') {
        if (event.recovery) recoveries++
        sees(event, 'a renewal')
        startsRenewing()
      }
      if (event._tag === 'Renewed') sees(event, 'a new token')
      observe?.(event)
    }
    const source = openSource(
      pipe(
        refreshToken({ client }),
        TokenSource.make({
          store,
          key: session.key,
          initial: session.initial,
          timeout: renewal,
          minimumAge: millis(0),
          ...(maxStale !== undefined && { maxStale }),
          observe: hears,
        }),
      ),
      env,
    )
    const within = (timeout: number): TokenSource => source.within({ deadline: plus(env.clock.now(), millis(timeout)) })
    const isHeld = (): boolean =>
      O.isSome(held) &&
      !refused.has(Secret.open(held.value.accessToken)) &&
      O.isSome(held.value.expiresAt) &&
      env.clock.now() < held.value.expiresAt.value - MARGIN
    return {
      name,
      source,
      ask: async (timeout) => {
        const outcome = await timed(timeout, within(timeout).get)
        if (E.isRight(outcome)) {
          held = O.some(outcome.right)
          remember(outcome.right)
        } else if (isHeld()) {
          tally.problem(`${who}: a valid token was not served: ${AuthError.show.show(outcome.left)}`)
        }
        return outcome
      },
      refuse: (token, timeout) => {
        held = O.none
        refused.add(Secret.open(token.accessToken))
        return timed(timeout, within(timeout).invalidate(token.accessToken))
      },
      inspect: async (timeout) => {
        const outcome = await timed(timeout, within(timeout).inspect)
        if (E.isRight(outcome)) sees(outcome.right, 'a record')
        return outcome
      },
      seen: () => seen,
      told: (tag) => own.get(tag) ?? 0,
      renewing,
    }
  }

  // Early is the last fifth to tenth of a lifetime.
  const LIFETIME: Duration = millis(5_000)

  return {
    box,
    tally,
    session: (key, validFor = 1_100) => {
      const issued = box.issue()
      const now = instant(Date.now())
      const expiresAt = plus(now, millis(validFor))
      const initial = TokenSet.make(Secret.make('AccessToken', issued.accessToken), {
        refreshToken: O.some(Secret.make('RefreshToken', issued.refreshToken)),
        // Not in the future: of such a token only its lifetime would count.
        issuedAt: O.some(earliest(now, plus(expiresAt, millis(-LIFETIME)))),
        expiresAt: O.some(expiresAt),
      })
      remember(initial)
      return { key, initial, id: box.redemptionsOf(issued.refreshToken)?.session ?? '' }
    },
    member,
    recoveries: () => recoveries,
    told: count,
    redeemed: ({ id }) =>
      box.counts().redemptions.filter(({ session, honoured }) => session === id && honoured > 0).length,
    findings: (note) => {
      tally.doubleRedemptions += Math.max(0, box.counts().doubleRedemptions - recoveries)
      return tally.findings(context, stopwatch.longest(), note)
    },
    close: async () => {
      stopwatch.stop()
      await env.close()
      await box.close()
    },
  }
}
