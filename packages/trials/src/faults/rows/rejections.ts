import {
  instant,
  memoryStore,
  millis,
  minutes,
  Secret,
  type SourceConfig,
  type SourceEnv,
  Strategy,
  TokenSource,
} from '@tessera/core'
import { modelServer, type TestClock, testClock, testRandom } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { stamping } from '../../stamping.js'
import type { Context, Fault, Findings } from '../Fault.js'
import { printedResult } from '../printed.js'
import { pick, whole } from '../random.js'
import { makeTally, type Tally } from '../tally.js'

/** What a run needs of a source. */
export type Source = Pick<TokenSource, 'get' | 'invalidate'> & Partial<Pick<TokenSource, 'accept'>>

/** What a test may break. */
export interface Parts {
  readonly source: (config: SourceConfig<SourceEnv>, strategy: Strategy<unknown>, env: SourceEnv) => Source
}

/** So many redemptions an hour for an API that always answers 401: after 1 s, 2 s, 4 s … 512 s, and then every 10 minutes. */
const MOST = 16
/**
 * How long a caller meets 401s after a good token was rejected, in ms: after three such rejections the back-off is 2 s at most, and it is
 * as long again until a renewal is there, and it asks again.
 */
const LONGEST = 3_000
/** How long it asks, in ms. */
const PATIENCE = 180_000

interface Fleet {
  /** The token that is good, unless the API says otherwise. */
  readonly newest: () => string
  readonly time: TestClock
  readonly sources: ReadonlyArray<Source>
  readonly redeemed: () => number
}

const fleetOf = ({ source }: Parts, random: () => number): Fleet => {
  const time = testClock()
  const server = modelServer({ mode: { _tag: 'GraceUntilUsed' }, clock: time, lifetime: minutes(24 * 60) })
  const off = pick(random, [0, 3_600_000])
  // With a clock of its own, as Redis has, or without.
  const store = random() < 0.5 ? memoryStore() : stamping(memoryStore(), () => O.some(instant(time.now() + off)))
  const initial = server.login()
  let newest = Secret.open(initial.accessToken)
  const sources = Array.from({ length: whole(random, 1, 3) }, () => {
    const strategy = Strategy.make({ needsRefreshToken: true }, (attempt) => () => async () => {
      await time.sleep(millis(whole(random, 0, 300)))()
      const result = await server.refreshing((call) => call)(attempt)({})()
      if (E.isRight(result)) newest = Secret.open(result.right.accessToken)
      return result
    })
    return source({ store, initial }, strategy, { clock: time, random: testRandom(whole(random, 0, 1_000_000)) })
  })
  return { newest: () => newest, time, sources, redeemed: () => server.counts().redeemed }
}

/** Calls an API once. Answers whether it took the token. */
const call = async (
  { time }: Fleet,
  source: Source,
  takes: (token: string) => boolean,
  { canaries }: Context,
  tally: Tally,
): Promise<boolean> => {
  const result = await time.settle(source.get())
  canaries.wrote(printedResult(result))
  if (E.isLeft(result)) {
    if (result.left._tag === 'ReauthenticationRequired') tally.lost++
    else tally.problem(`no token: ${result.left._tag}`)
    return false
  }
  const { accessToken } = result.right
  const isTaken = takes(Secret.open(accessToken))
  if (isTaken) source.accept?.(accessToken)
  else await time.settle(source.invalidate(accessToken)())
  return isTaken
}

const once = async (parts: Parts, context: Context, tally: Tally): Promise<number> => {
  const { random } = context
  const fleet = fleetOf(parts, random)
  const { newest, time, sources, redeemed } = fleet

  /** For so long all call an API that takes no token. */
  const constant = async (duration: number): Promise<number> => {
    const before = redeemed()
    for (const end = time.now() + duration; time.now() < end; await time.advance(millis(whole(random, 200, 20_000)))) {
      if (await call(fleet, pick(random, sources), () => false, context, tally)) tally.problem('it took a token')
    }
    return redeemed() - before
  }
  /** Calls by one process until its token is taken. Answers how long that took. */
  const insist = async (source: Source, takes: (token: string) => boolean): Promise<number> => {
    const began = time.now()
    while (!(await call(fleet, source, takes, context, tally)) && time.now() - began <= PATIENCE) {
      await time.advance(millis(200))
    }
    return time.now() - began
  }

  const asked = await constant(3_600_000)
  if (asked > MOST) tally.problem(`${asked} redemptions in an hour of 401s`)
  /** Each process sees that the token is good. */
  const accepted = async (): Promise<void> => {
    for (const source of sources) await insist(source, (token) => token === newest())
  }
  await accepted()
  // Two or three good tokens are rejected, soon after each other or not.
  let longest = 0
  for (let rejections = whole(random, 2, 3); rejections > 0; rejections--) {
    await time.advance(millis(pick(random, [0, 500, 1_500, 7_000, 31_000, 400_000])))
    const rejected = newest()
    longest = Math.max(
      longest,
      await insist(pick(random, sources), (token) => token === newest() && token !== rejected),
    )
    await accepted()
  }
  if (longest > LONGEST) tally.problem(`a caller met 401s for ${longest} ms after a good token was rejected`)
  // The row begins anew: the back-off of the hour before is over.
  const anew = await constant(10_000)
  if (anew > 6) tally.problem(`${anew} redemptions in 10 s of 401s`)
  return asked
}

export const rejectionsWith = (parts: Parts): Fault => ({
  name: 'rejections',
  injection:
    'on a virtual clock, an API that answers 401 to every token for an hour, to 1 to 3 processes of one session; then it takes tokens, and rejects two or three good ones, from at once to minutes after each other',
  expected: `${MOST} redemptions an hour at most, over all processes; then a new token within ${LONGEST / 1_000} s of each rejection`,
  count: 100,
  seconds: 10,
  test: 'waiting',
  run: async (context): Promise<Findings> => {
    const tally = makeTally()
    let most = 0
    for (let done = 0; done < context.count; done++) {
      most = Math.max(most, await once(parts, context, tally))
      context.progress(done + 1)
    }
    return tally.findings(context, 0, `${most} redemptions in an hour at most`)
  },
})

export const rejections = rejectionsWith({
  source: (config, strategy, env) => TokenSource.make(config)(strategy)(env)(),
})
