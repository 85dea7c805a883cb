import {
  type AuthError,
  instant,
  memoryStore,
  millis,
  RetryPolicy,
  Secret,
  type SourceConfig,
  Strategy,
  TokenSet,
  TokenSource,
} from '@tessera/core'
import { Client, clientCredentials, refreshToken, type TokenEnv } from '@tessera/oauth2'
import { type TestClock, testClock, testRandom } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Fault, Findings } from '../Fault.js'
import { printedResult } from '../printed.js'
import { canary, pick, whole } from '../random.js'
import { makeTally, type Tally } from '../tally.js'

// -----------------------------------------------------------------------------
// what the server says
// -----------------------------------------------------------------------------

/** One answer of the script. */
interface Refusal {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** What it asks for, in ms; none where it does not ask, or in rubbish. */
  readonly asked: number | undefined
}

const SECOND = 1_000
const HOUR = 3_600 * SECOND
const YEAR = 365 * 24 * HOUR
const WAITS = [0, 1, 5, 14, 30, 60, 61, 3_600, 31_536_000, 999_999_999_999_999]
const SKEWS = [0, 0, HOUR, -HOUR, YEAR, -YEAR]
const RUBBISH = ['soon', '1e3', 'Infinity', '12 s', '0x10', '+5', '1.5', '٣', 'never, 1 Jan']

const httpDate = (at: number): string => new Date(at).toUTCString()

const refusal = (random: () => number, now: number): Refusal => {
  const status = pick(random, [429, 429, 503, 503, 500, 502, 504])
  const isBusy = status === 429 || status === 503
  const skew = pick(random, SKEWS)
  const date = random() < 0.7 ? { date: httpDate(now + skew) } : {}
  const form = isBusy ? pick(random, ['seconds', 'date', 'past', 'rubbish', 'none']) : 'none'
  const answer = (retryAfter: string | undefined, asked: number | undefined): Refusal => ({
    status,
    headers: { ...date, ...(retryAfter !== undefined && { 'retry-after': retryAfter }) },
    asked,
  })
  switch (form) {
    case 'seconds': {
      const wait = pick(random, WAITS)
      return random() < 0.1 ? answer(`-${wait}`, 0) : answer(String(wait), wait * SECOND)
    }
    case 'date': {
      const wait = Math.min(pick(random, WAITS), 9_999_999) * SECOND
      // Relative to the server's own clock, where it tells it.
      const from = 'date' in date ? now + skew : now
      return answer(httpDate(from + wait), wait)
    }
    case 'past':
      return answer(httpDate(now + Math.min(0, skew) - HOUR), 0)
    case 'rubbish':
      return answer(pick(random, RUBBISH), undefined)
    default:
      return answer(undefined, undefined)
  }
}

// -----------------------------------------------------------------------------
// what must be
// -----------------------------------------------------------------------------

/** Of the source's defaults. */
const TIMEOUT = 15 * SECOND
const HOLD = TIMEOUT + 5 * SECOND
const PATIENCE = HOLD + TIMEOUT
const LONGEST = 60 * SECOND
/** Of what a valid token still lives: for as long as that may rest what nobody waits for. */
const REST = 0.7

interface Scenario {
  /** One that consumes a refresh token, or one that consumes nothing. */
  readonly grant: 'refresh token' | 'client credentials'
  readonly retrying: boolean
  readonly processes: number
  /** Whether there is a valid token still. */
  readonly isExpired: boolean
  /** How many refusals there are before the last answer. */
  readonly refusals: number
  readonly last: 'a token' | 'invalid_grant'
}

const scenarioOf = (random: () => number): Scenario => {
  const grant = pick(random, ['refresh token', 'client credentials'] as const)
  return {
    grant,
    retrying: random() < 0.5,
    processes: whole(random, 1, 3),
    isExpired: random() < 0.7,
    refusals: whole(random, 1, 6),
    last: grant === 'refresh token' && random() < 0.25 ? 'invalid_grant' : 'a token',
  }
}

interface Sent {
  readonly process: number
  readonly at: number
  /** When its process began to renew: then the lease was declared. */
  readonly renewingSince: number
  readonly deadline: number
  answeredAt: number
  answer: Refusal | 'last' | 'lost' | undefined
}

/** An answer that came after the deadline of its request: as good as none. */
const LOST: Refusal = { status: 504, headers: {}, asked: undefined }

/** The earliest time, in ms, at which a request of a process may follow another one. */
const earliestAfter = (before: Sent, process: number, { grant, retrying }: Scenario): number => {
  const { answer, renewingSince, answeredAt } = before
  if (answer === undefined) return Number.POSITIVE_INFINITY
  if (answer === 'last') return answeredAt
  const { status, asked } = answer === 'lost' ? LOST : answer
  const consumes = grant === 'refresh token'
  if (status === 429 || (status === 503 && (!consumes || asked !== undefined))) {
    // A strategy that tries again by itself draws its first delay from 100 to 200 ms.
    return answeredAt + Math.min(LONGEST, Math.max(asked ?? 0, retrying ? 100 : SECOND))
  }
  // An unknown outcome waits for the end of its lease.
  if (consumes) return renewingSince + HOLD
  // Nothing was consumed: each process backs off for itself.
  return answeredAt + (process !== before.process ? 0 : retrying ? 100 : 200)
}

/** A request is over at its deadline, also where what waits for it is not yet told. */
const asOf = (now: number, sent: Sent): Sent =>
  sent.answer === undefined && sent.deadline <= now ? { ...sent, answer: 'lost', answeredAt: sent.deadline } : sent

/** A request that comes while another is under way redeems twice; one that comes too early breaks the back-off. */
const judge = (tally: Tally, sent: Sent, before: ReadonlyArray<Sent>, scenario: Scenario): void => {
  const all = before.map((each) => asOf(sent.at, each))
  if (all.some(({ answer }) => answer === undefined)) {
    tally.doubleRedemptions++
    return
  }
  for (const each of all) {
    const early = earliestAfter(each, sent.process, scenario) - sent.at
    // Dates are in whole seconds.
    if (early >= SECOND || (early > 0 && !hasDate(each)))
      tally.problem(`a request ${Math.round(early)} ms before the end of the back-off after ${wordsOf(each)}`)
  }
}

const hasDate = ({ answer }: Sent): boolean =>
  typeof answer === 'object' && !/^-?\d*$/.test(answer.headers['retry-after'] ?? '')

const wordsOf = ({ answer }: Sent): string =>
  typeof answer === 'object' ? `${answer.status} ${answer.headers['retry-after'] ?? ''}` : String(answer)

// -----------------------------------------------------------------------------
// a run
// -----------------------------------------------------------------------------

/** What a run needs of a source. */
export type Source = Pick<TokenSource, 'get' | 'login'>

/** What a test may break. */
export interface Parts {
  readonly source: (config: SourceConfig<TokenEnv>, strategy: Strategy<TokenEnv>, env: TokenEnv) => Source
}

interface Secrets {
  readonly client: string
  readonly refresh: string
  readonly access: string
}

const GRANTED = 200
const STEP = { least: 100, most: 5 * SECOND }
const MOST_STEPS = 2_000

interface Numbers {
  requests: number
  longest: number
  overdue: number
}

const oneRun = async (
  { source: make }: Parts,
  random: () => number,
  secrets: Secrets,
  tally: Tally,
  wrote: (text: string) => void,
  numbers: Numbers,
): Promise<void> => {
  const scenario = scenarioOf(random)
  const { grant, retrying, processes, isExpired, refusals, last } = scenario
  const clock: TestClock = testClock()
  const start = clock.now()
  const end = isExpired ? start - SECOND : start + 300 * SECOND
  const requests: Sent[] = []
  const renewing = new Map<number, number>()
  const token = {
    access_token: secrets.access,
    token_type: 'bearer',
    expires_in: 3_600,
    refresh_token: `${secrets.refresh}2`,
  }

  const answerOf = (): { readonly of: Refusal | 'last'; readonly status: number; readonly body: unknown } => {
    if (requests.length <= refusals) {
      const of = refusal(random, clock.now())
      return { of, status: of.status, body: { error: 'temporarily_unavailable', error_description: secrets.client } }
    }
    return last === 'a token'
      ? { of: 'last', status: GRANTED, body: token }
      : { of: 'last', status: 400, body: { error: 'invalid_grant', error_description: secrets.refresh } }
  }

  const envOf = (process: number): TokenEnv => ({
    clock,
    random: testRandom(whole(random, 0, 1_000_000)),
    http: {
      send:
        ({ deadline }) =>
        async () => {
          const sent: Sent = {
            process,
            at: clock.now(),
            renewingSince: renewing.get(process) ?? clock.now(),
            deadline,
            answeredAt: 0,
            answer: undefined,
          }
          judge(tally, sent, requests, scenario)
          requests.push(sent)
          const left = deadline - clock.now()
          const latency = whole(random, 0, 2 * SECOND)
          await clock.sleep(millis(Math.min(latency, left)))()
          if (latency >= left) {
            sent.answer = 'lost'
            sent.answeredAt = clock.now()
            return E.left({ _tag: 'Lost', cause: 'deadline', reason: 'the deadline has passed' })
          }
          const { of, status, body } = answerOf()
          sent.answer = of
          sent.answeredAt = clock.now()
          const headers = of === 'last' ? {} : of.headers
          return E.right({
            status,
            header: (name) => O.fromNullable(headers[name]),
            body: Secret.make('Body', JSON.stringify(body)),
          })
        },
    },
  })

  const client = Client.make({ id: 'app', secret: secrets.client, tokenEndpoint: 'https://as.example/token' })
  const once = grant === 'refresh token' ? refreshToken({ client }) : clientCredentials({ client })
  const strategy = retrying ? pipe(once, Strategy.retrying(RetryPolicy.exponential())) : once
  const initial = TokenSet.make(Secret.make('AccessToken', `${secrets.access}1`), {
    issuedAt: O.some(instant(start - 3_300 * SECOND)),
    expiresAt: O.some(instant(end)),
    ...(grant === 'refresh token' && { refreshToken: O.some(Secret.make('RefreshToken', secrets.refresh)) }),
  })
  const store = memoryStore()
  const sources = Array.from({ length: processes }, (_, process) =>
    make(
      {
        store,
        initial,
        observe: ({ _tag }) => {
          if (_tag === 'Renewing') renewing.set(process, clock.now())
        },
      },
      strategy,
      envOf(process),
    ),
  )

  /** Every process asks; whoever waits, waits. */
  const ask = (): Promise<ReadonlyArray<E.Either<AuthError, TokenSet>>> =>
    clock.settle(
      Promise.all(
        sources.map(async (source) => {
          const askedAt = clock.now()
          const result = await source.get()
          numbers.overdue = Math.max(numbers.overdue, clock.now() - askedAt - PATIENCE)
          wrote(printedResult(result))
          if (E.isLeft(result) && result.left._tag === 'ReauthenticationRequired' && last === 'a token') tally.lost++
          return result
        }),
      ),
    )

  /** How long nobody may ask after an answer. */
  const longestAfter = (answeredAt: number): number => Math.max(LONGEST, REST * (end - answeredAt))

  const isOver = (): boolean => requests.at(-1)?.answer === 'last'
  for (let steps = 0; !isOver(); steps++) {
    if (steps === MOST_STEPS) return tally.problem('the server is not asked again')
    const quietSince = requests.at(-1)?.answeredAt ?? start
    await ask()
    await clock.advance(millis(whole(random, STEP.least, STEP.most)))
    const quiet = (requests.at(-1)?.at ?? clock.now()) - quietSince
    if (requests.some(({ at }) => at > quietSince)) numbers.longest = Math.max(numbers.longest, quiet)
    else if (clock.now() - quietSince > longestAfter(quietSince) + PATIENCE && requests.length > 0)
      return tally.problem(`no request for ${clock.now() - quietSince} ms, although everybody asks`)
  }
  numbers.requests += requests.length
  if (last === 'invalid_grant') await terminal({ clock, sources, requests, ask, tally, secrets })
  else {
    await clock.advance(millis(2 * SECOND))
    for (const result of await ask())
      if (E.isLeft(result)) tally.problem(`${result.left._tag} after the server is well`)
    const more = requests.length - 1 - requests.findIndex(({ answer }) => answer === 'last')
    if (more > 0) tally.problem(`${more} requests for a token that is there`)
  }
}

/** Nobody asks any more, however often they are called, until a person logs in. */
const terminal = async ({
  clock,
  sources,
  requests,
  ask,
  tally,
  secrets,
}: {
  readonly clock: TestClock
  readonly sources: ReadonlyArray<Source>
  readonly requests: ReadonlyArray<Sent>
  readonly ask: () => Promise<ReadonlyArray<E.Either<AuthError, TokenSet>>>
  readonly tally: Tally
  readonly secrets: Secrets
}): Promise<void> => {
  const before = requests.length
  for (let hours = 0; hours < 5; hours++) {
    await clock.advance(millis(HOUR))
    for (const result of await ask()) {
      if (E.isRight(result) || result.left._tag !== 'ReauthenticationRequired') tally.problem('no word of a login')
    }
  }
  if (requests.length > before) tally.problem(`${requests.length - before} requests after "log in again"`)
  const token = TokenSet.make(Secret.make('AccessToken', `${secrets.access}3`), {
    issuedAt: O.some(clock.now()),
    expiresAt: O.some(instant(clock.now() + HOUR)),
  })
  const [first] = sources
  if (first !== undefined) await clock.settle(first.login(() => () => async () => E.right(token))({})())
  for (const result of await ask()) if (E.isLeft(result)) tally.problem(`${result.left._tag} after a login`)
}

// -----------------------------------------------------------------------------
// the row
// -----------------------------------------------------------------------------

export const throttledWith = (parts: Parts): Fault => ({
  name: 'throttled',
  injection:
    'on a virtual clock, 1 to 3 processes that ask all the time, with and without retries of the strategy; bursts of 429 and 503 with a Retry-After in seconds, as a date, in the past and as rubbish, by servers whose clocks are off; bursts of 500, 502, 504; a server that says invalid_grant in the end',
  expected:
    'one request in each back-off window, which is at most a minute whatever the server says, or, where a token is valid, 0.7 of its rest; then one request, and a token for all; no request after "log in again" until a login',
  count: 500,
  seconds: 8,
  test: 'waiting',
  run: async (context): Promise<Findings> => {
    const { random, canaries, count, progress } = context
    const tally = makeTally()
    const secrets: Secrets = {
      client: canary(random, 'client'),
      refresh: canary(random, 'refresh'),
      access: canary(random, 'access'),
    }
    canaries.remember(...Object.values(secrets))
    const numbers: Numbers = { requests: 0, longest: 0, overdue: 0 }
    for (let done = 0; done < count; done++) {
      await oneRun(parts, random, secrets, tally, canaries.wrote, numbers)
      progress(done)
    }
    const note = `${numbers.requests} requests; the longest time without one was ${Math.round(numbers.longest / SECOND)} s`
    return tally.findings(context, numbers.overdue, note)
  },
})

export const throttled = throttledWith({
  source: (config, strategy, env) => TokenSource.make(config)(strategy)(env)(),
})
