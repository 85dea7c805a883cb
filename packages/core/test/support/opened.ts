/** A source over a scripted strategy, and what can be seen of it. */
import {
  CellCodec,
  type Duration,
  type Instant,
  Lifecycle,
  memoryStore,
  millis,
  minutes,
  plus,
  Secret,
  type SourceEvent,
  type TokenSet,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { type ScriptedAnswer, scriptedStrategy } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { right, START, type TestEnv, testEnv, textOf, token } from './basics.js'

export const HOUR = minutes(60)
export const YEAR = minutes(60 * 24 * 365)
/** How long a call goes on where nothing is said: twice the timeout of 15 s, and 5 s. */
export const PATIENCE = 35_000
/** No change of others is looked for. */
export const unhurried = { maxStale: minutes(180) }
/** What there is of a strategy that redeems a refresh token. */
export const redeeming = { needsRefreshToken: true }

/** So many ms after the start. */
export const at = (ms: number): Instant => plus(START, millis(ms))

/** A token that was issued at the start, and is over at `end`. */
export const until = (end: Instant, text: string, known: Partial<TokenSet> = {}): TokenSet =>
  token(text, { issuedAt: O.some(START), expiresAt: O.some(end), ...known })

/** The same, with a refresh token. */
export const refreshable = (end: Instant, text: string, known: Partial<TokenSet> = {}): TokenSet =>
  until(end, text, { refreshToken: O.some(Secret.make('RefreshToken', `refresh of ${text}`)), ...known })

/** An hour's token. */
export const living = (text: string): TokenSet => until(at(HOUR), text)

/** Two hours from the start. */
export const next = (text: string): TokenSet => until(at(2 * HOUR), text)

/** A store that holds a cell already. */
export const holding = async (cell: Partial<Lifecycle.Cell<TokenSet>>, store = memoryStore()): Promise<TokenStore> => {
  const record = CellCodec.encode({ ...Lifecycle.empty, epoch: 1, generation: 1, ...cell })
  right(await store.compareAndSet('default', '', { version: 'first', record })())
  return store
}

/** The lease of another holder. */
export const leaseOf = (end: Instant): Lifecycle.Cell<TokenSet>['lease'] =>
  O.some({ nonce: O.some('of another'), firstAt: START, until: end, recovery: false })

/** A store in which another has the lease, of a token that is refused. */
export const leased = (end: number): Promise<TokenStore> =>
  holding({ token: O.some(refreshable(at(HOUR), 'stale')), refused: true, lease: leaseOf(at(end)) })

export type Config = Partial<Parameters<typeof TokenSource.make>[0]> & { readonly env?: TestEnv }

export const open = (
  answers: Iterable<ScriptedAnswer> | ((env: TestEnv) => Iterable<ScriptedAnswer>),
  { env = testEnv(), ...config }: Config = {},
  traits: Parameters<typeof scriptedStrategy>[1] = {},
) => {
  const events: Array<SourceEvent> = []
  const { strategy, attempts } = scriptedStrategy(typeof answers === 'function' ? answers(env) : answers, traits)
  const store = config.store ?? memoryStore()
  const source = pipe(strategy, TokenSource.make({ observe: (event) => events.push(event), ...config, store }))(env)()
  return {
    env,
    source,
    attempts,
    events,
    store,
    tags: () => events.map(({ _tag }) => _tag),
    /** What was told since it was asked last. */
    told: () => events.splice(0),
    cell: async () => right(CellCodec.decode(right(await store.get(source.key)()).record)),
    inspect: async () => right(await source.inspect()),
    login: (given: TokenSet) => source.login(scriptedStrategy([E.right(given)]).strategy)({})(),
    got: async () => textOf(await env.clock.settle(source.get())),
    /** The result, and how long it took. */
    timed: async <A>(promise: Promise<A>): Promise<{ readonly result: A; readonly took: Duration }> => {
      const from = env.clock.now()
      const settled = promise.then((result) => ({ result, took: millis(env.clock.now() - from) }))
      return env.clock.settle(settled)
    },
  }
}
