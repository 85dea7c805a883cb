import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  millis,
  minutes,
  plus,
  Secret,
  type SourceConfig,
  type SourceEnv,
  Strategy,
  type TokenSet,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { systemClock, systemRandom } from '@tessera/node'
import { fileStore } from '@tessera/store-file'
import { redisStore } from '@tessera/store-redis'
import { modelServer } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { servers } from '../../servers/index.js'
import { standalone } from '../../servers/redisClients.js'
import type { Context, Fault, Findings } from '../Fault.js'
import { type MovableClock, movableClock } from '../movableClock.js'
import { makeStopwatch } from '../overdue.js'
import { printedResult } from '../printed.js'
import { pick } from '../random.js'
import { scoped } from '../scoped.js'
import { makeTally, type Tally } from '../tally.js'

/** What a test may break. */
export interface Parts {
  readonly source: (config: SourceConfig<SourceEnv>, strategy: Strategy<unknown>, env: SourceEnv) => TokenSource
}

const MINUTE = 60_000
const APART = [2 * MINUTE, 5 * MINUTE, 30 * MINUTE, 60 * MINUTE, 7 * 60 * MINUTE]
const apart = (random: () => number): number => pick(random, [1, -1]) * pick(random, APART)
const LIFETIME = minutes(60)
const LIMIT = minutes(1)
const RENEWALS = 6

/** A store, and whether it tells its own time: without that the leases of processes whose clocks differ do not exclude each other. */
interface Place {
  readonly store: TokenStore
  readonly tellsTime: boolean
}

const once = async (
  { source }: Parts,
  { store, tellsTime }: Place,
  key: string,
  { random, canaries }: Context,
  tally: Tally,
  time: <A>(call: () => Promise<A>) => Promise<A>,
): Promise<number> => {
  const mode = tellsTime ? ({ _tag: 'Strict', killsFamily: true } as const) : ({ _tag: 'GraceUntilUsed' } as const)
  const server = modelServer({ mode, clock: systemClock, lifetime: LIFETIME })
  const initial = server.login()
  const clocks = [movableClock(), movableClock()]
  /** How often a date was set in a way that may cost a redemption: where the store tells its time, only on. */
  let sets = 0
  const move = (clock: MovableClock): void => {
    const by = apart(random)
    clock.move(by)
    if (by > 0 || !tellsTime) sets++
  }
  const opened = clocks.map((clock: MovableClock) => {
    // A client reads a lifetime, and counts it by its own clock.
    const strategy = Strategy.make({ needsRefreshToken: true }, (attempt) => () => async () => {
      // The other waits for this request, or is about to.
      if (random() < 0.3) {
        for (const other of clocks) if (other !== clock) move(other)
        await sleep(50)
      }
      await sleep(random() * 20)
      return pipe(
        await server.refreshing((call) => call)(attempt)({})(),
        E.map(
          (token): TokenSet => ({
            ...token,
            issuedAt: O.some(clock.now()),
            expiresAt: O.some(plus(clock.now(), LIFETIME)),
          }),
        ),
      )
    })
    const config = { store, key, initial, minimumAge: millis(0) }
    return { clock, source: source(config, strategy, { clock, random: systemRandom }) }
  })
  for (const { clock } of opened) clock.move(apart(random))

  /** Calls an API until it takes the token, as one that answers 401 has it. Answers the token. */
  const use = async (tokens: TokenSource): Promise<string> => {
    for (let tries = 0; tries < 10; tries++) {
      const result = await time(tokens.get)
      canaries.wrote(printedResult(result))
      if (E.isLeft(result)) {
        // Where the date is set on, time is up for who waits, also for the store, and for a token on its way there.
        if (['TimedOut', 'StoreFailed', 'Malformed'].includes(result.left._tag)) {
          // Until its back-off ends, a failure is answered again.
          await sleep(100 * (tries + 1))
          continue
        }
        if (result.left._tag === 'ReauthenticationRequired') tally.lost++
        else tally.problem(`${key}: ${result.left._tag}`)
        return ''
      }
      const { accessToken } = result.right
      if (server.use(accessToken)()) {
        tokens.accept(accessToken)
        return Secret.open(accessToken)
      }
      await time(tokens.invalidate(accessToken))
    }
    tally.problem(`${key}: no token that the API takes`)
    return ''
  }
  const both = (): Promise<ReadonlyArray<string>> => Promise.all(opened.map((one) => use(one.source)))

  await both()
  for (let renewal = 0; renewal < RENEWALS; renewal++) {
    const setBefore = sets
    if (random() < 0.3) move(pick(random, clocks))
    const { source: one } = pick(random, opened)
    const before = server.counts().redeemed
    const token = await one.get()
    if (E.isRight(token)) await time(one.invalidate(token.right.accessToken))
    await both()
    const redeemed = server.counts().redeemed - before
    // One for the refusal; one more for each time that a date was set on, since that machine may have slept; and, by dates alone, two for
    // a token that looks expired to the other.
    if (redeemed > (tellsTime ? 1 : 3) + sets - setBefore)
      tally.problem(`${key}: ${redeemed} redemptions for one token`)
  }
  const { repeated } = server.counts()
  if (tellsTime) tally.doubleRedemptions += repeated
  for (const one of opened) await one.source.close({ revoke: false })()
  return repeated
}

export const clocksApartWith = (parts: Parts): Fault => ({
  name: 'clocks-apart',
  injection: `two processes whose clocks are apart by minutes or hours, and are set on and back, also while the other's request is under way, share a session in files (Box's grace) and in Redis (strict rotation), and renew it ${RENEWALS} times, at the same time`,
  expected:
    'no session lost; in Redis no token redeemed twice, and one redemption for a token; in files, where there are dates only, three at most; and one more for each time that a clock was set on, after which a machine may have slept',
  count: 100,
  seconds: 20,
  test: 'redis',
  needs: 'redis-server',
  run: (context): Promise<Findings> =>
    scoped(async (defer) => {
      const all = servers()
      defer(all.stop)
      const folder = mkdtempSync(join(tmpdir(), 'clocks-'))
      defer(() => rmSync(folder, { recursive: true, force: true }))
      const client = await standalone((await all.start()).port)['@redis/client']()
      defer(client.close)
      const stopwatch = makeStopwatch()
      defer(stopwatch.stop)
      const places: ReadonlyArray<Place> = [
        { store: redisStore(client.port), tellsTime: true },
        { store: fileStore({ folder }), tellsTime: false },
      ]
      const tally = makeTally()
      let repeated = 0
      for (let done = 0; done < context.count; done++) {
        const time = <A>(call: () => Promise<A>): Promise<A> => stopwatch.time(LIMIT, call)
        const place = pick(context.random, places)
        repeated += await once(parts, place, `clocks apart ${done}`, context, tally, time)
        context.progress(done + 1)
      }
      return tally.findings(context, stopwatch.longest(), `${repeated} tokens were redeemed again, in files`)
    }),
})

export const clocksApart = clocksApartWith({
  source: (config, strategy, env) => TokenSource.make(config)(strategy)(env)(),
})
