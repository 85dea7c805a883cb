import {
  AuthError,
  type Duration,
  type Instant,
  millis,
  minutes,
  Secret,
  type SourceEvent,
  Strategy,
  seconds,
  TokenSet,
  type TokenSource,
  type TokenStore,
} from '@tessera/core'
import type * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Task } from 'fp-ts/lib/Task.js'
import { durationsAround } from '../boundaries.js'
import { type ModelServer, modelServer } from '../modelServer.js'
import type { MakeSource, Parts } from '../Parts.js'
import { recordedPrompt } from '../recordedPrompt.js'
import type { Request, Rotation } from '../ServerModel.js'
import { type TestClock, testClock } from '../testClock.js'
import { testRandom } from '../testRandom.js'
import { requestOf, responseOf } from './endpoint.js'
import { byDeadline, type Outcome, toExchange, toResult } from './outcome.js'

/** What becomes of a token request. `slow`: its answer takes two seconds. `expired`: its token has expired when it comes. */
export type Reply = 'answered' | 'slow' | 'expired' | 'not sent' | 'lost' | 'busy' | 'hangs'

/** What stands on a bench. */
export interface BenchConfig {
  readonly make: MakeSource
  readonly store: IO<TokenStore>
  readonly selfSufficient: boolean
  readonly mode: Rotation
  readonly renewal: Parts['renewal']
  readonly seed: number
  readonly turn?: Task<void>
}

/** One source, virtual time, and a modelled server whose replies are scripted. */
export interface Bench {
  readonly clock: TestClock
  readonly server: ModelServer
  readonly source: TokenSource
  /** Opens the source once more, over the same store. */
  readonly open: IO<TokenSource>
  /** Whether the store tells of changes. */
  readonly tells: boolean
  /** The replies to the next token requests; after the last, all are answered. */
  readonly script: (...replies: ReadonlyArray<Reply>) => void
  /** When token requests arrived. */
  readonly requests: IO<ReadonlyArray<Instant>>
  /** Fails from the next time on that a token request is answered; or works again. */
  readonly breakStoreAfterAnswer: IO<void>
  readonly mendStore: IO<void>
  readonly events: IO<ReadonlyArray<SourceEvent>>
  readonly login: (source?: TokenSource) => Promise<E.Either<AuthError, TokenSet>>
  /** As `login`, of tokens that the application got by itself. */
  readonly adopt: (source?: TokenSource) => Promise<E.Either<AuthError, TokenSet>>
  /** Goes on in time until the call settles. */
  readonly settle: <A>(call: Task<A>) => Promise<A>
  readonly get: (source?: TokenSource) => Promise<E.Either<AuthError, TokenSet>>
}

const SLOW = seconds(2)

export const makeBench = ({
  make,
  store: makeStore,
  selfSufficient,
  mode,
  renewal,
  seed,
  turn,
}: BenchConfig): Bench => {
  const clock = testClock(turn === undefined ? {} : { turn })
  const server = modelServer({ mode, clock })
  const random = testRandom(seed)
  const events: Array<SourceEvent> = []
  const requests: Array<Instant> = []
  const replies: Array<Reply> = []
  let breaks = false
  let isBroken = false

  const answered = (request: Request): Extract<Outcome, { _tag: 'Answered' }> => {
    if (breaks) isBroken = true
    return { _tag: 'Answered', answer: server.ask(request)() }
  }

  const expired = (request: Request): Outcome => {
    const { answer } = answered(request)
    return {
      _tag: 'Answered',
      answer:
        answer._tag === 'Issued' ? { ...answer, token: { ...answer.token, expiresAt: answer.token.issuedAt } } : answer,
    }
  }

  const request = async (of: Request): Promise<Outcome> => {
    requests.push(clock.now())
    switch (replies.shift() ?? 'answered') {
      case 'answered':
        return answered(of)
      case 'slow': {
        const outcome = answered(of)
        await clock.sleep(SLOW)()
        return outcome
      }
      case 'expired':
        return expired(of)
      case 'not sent':
        requests.pop()
        return { _tag: 'NotSent' }
      case 'lost':
        answered(of)
        return { _tag: 'Lost', reason: 'reset after headers' }
      case 'busy':
        return { _tag: 'Busy', status: 429 }
      case 'hangs':
        return new Promise(() => undefined)
    }
  }

  const refreshing: Strategy<unknown> = Strategy.make({ needsRefreshToken: true }, ({ previous }) => () => async () => {
    if (O.isNone(previous) || O.isNone(previous.value.refreshToken))
      return E.left(AuthError.notApplicable('there is no refresh token'))
    const outcome = await request({ _tag: 'Redeem', token: previous.value.refreshToken.value })
    return pipe(toResult(outcome, selfSufficient), E.map(TokenSet.succeeding(previous.value)))
  })
  const issuing: Strategy<unknown> = Strategy.make(
    {},
    () => () => async () => toResult(await request({ _tag: 'Issue' }), selfSufficient),
  )

  const memory = makeStore()
  const failed = (operation: 'get' | 'compareAndSet') => AuthError.storeFailed(operation, 'it is down')
  const store: TokenStore = {
    ...memory,
    get: (key) => async () => (isBroken ? E.left(failed('get')) : memory.get(key)()),
    compareAndSet: (key, expected, next) => async () =>
      isBroken ? E.left(failed('compareAndSet')) : memory.compareAndSet(key, expected, next)(),
  }

  const open = (): TokenSource =>
    make({
      strategy: selfSufficient ? issuing : refreshing,
      store,
      key: 'session',
      revocation: server.revoking(),
      env: {
        clock,
        random,
        http: {
          send: (sent) => async () => {
            const of = requestOf(sent)
            if (of._tag === 'Revoke') return E.right(responseOf(server.ask(of)()))
            return toExchange(await byDeadline(clock, sent.deadline, () => request(of)))
          },
        },
        prompt: recordedPrompt([]),
      },
      renewal,
      observe: (event) => events.push(event),
    })

  const source = open()
  const settle: Bench['settle'] = (call) => clock.settle(call())
  const issued = () => (selfSufficient ? server.issue() : server.login())
  return {
    clock,
    server,
    source,
    open,
    tells: memory.changes !== undefined,
    script: (...all) => {
      replies.splice(0, replies.length, ...all)
    },
    requests: () => [...requests],
    breakStoreAfterAnswer: () => {
      breaks = true
    },
    mendStore: () => {
      breaks = false
      isBroken = false
    },
    events: () => [...events],
    login: (of = source) => settle(of.login<unknown>(() => () => async () => E.right(issued()))({})),
    adopt: (of = source) => settle(of.adopt(issued())),
    settle,
    get: (of = source) => settle(of.get),
  }
}

/** The text of a token of the model, which is its own to show; or why there is none. */
export const textOf = (result: E.Either<AuthError, TokenSet>): string =>
  E.isRight(result) ? Secret.open(result.right.accessToken) : AuthError.show.show(result.left)

/** Longer than a token lives, in ms. */
export const EXPIRED: Duration = minutes(60)

/** Times around every boundary of a token that lives an hour, in ms. */
export const advances: fc.Arbitrary<Duration> = durationsAround(
  millis(0),
  minutes(1),
  minutes(50),
  EXPIRED,
  minutes(1_440),
)
