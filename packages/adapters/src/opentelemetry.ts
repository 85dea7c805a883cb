/**
 * Spans and metrics of sources, through `@opentelemetry/api`.
 *
 * @packageDocumentation
 */
import {
  AuthError,
  between,
  type Clock,
  type Key,
  type Limits,
  type SourceEvent,
  type TokenSet,
  type TokenStore,
  type Tokens,
} from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { keyHash } from './internal/keyHash.js'
import type { OtelCounter, OtelMeter, OtelTracer } from './internal/OpenTelemetry.js'
import { makeRenewalSpans, type RenewalSpans } from './internal/renewalSpans.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** The parameters of {@link tokenTelemetry}. */
export interface TelemetryOptions {
  /** `metrics.getMeter('@tessera/adapters')`. */
  readonly meter: OtelMeter
  /** `trace.getTracer('@tessera/adapters')`. */
  readonly tracer: OtelTracer
  /** By which durations are taken: `systemClock` of `@tessera/node`. */
  readonly clock: Clock
  /**
   * How spans name a session, whose key may name a person. Default: the first 16 digits of its SHA-256, which anybody can compute who
   * knows the key; with a secret of your own, nobody else can.
   */
  readonly hash?: ((key: Key) => string) | undefined
}

/** What of a source's configuration is taken, or made. */
export interface TelemetryConfig {
  readonly store: TokenStore
  readonly observe?: ((event: SourceEvent) => void) | undefined
}

/** A source, or what is derived from one and has no key. */
export interface MayHaveKey extends Tokens {
  readonly key?: Key
}

/** What {@link TokenTelemetry.config} gives besides. */
export interface Observed {
  readonly store: TokenStore
  readonly observe: (event: SourceEvent) => void
}

/** The telemetry of all sources of a process. */
export interface TokenTelemetry {
  /** For `TokenSource.make` and `TokenSource.keyed`: the same configuration, observed. An observer that it has is still told. */
  readonly config: <Config extends TelemetryConfig>(config: Config) => Config & Observed
  /** A source, or one that is derived from it, whose tokens are counted as they are served. */
  readonly tokens: <Source extends MayHaveKey>(source: Source) => Source
}

// -----------------------------------------------------------------------------
// instruments
// -----------------------------------------------------------------------------

/** As of the semantic conventions' durations of HTTP requests, and a lease longer. */
const DURATIONS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const LIFETIMES = [0, 1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 7_200, 86_400]

const instrumentsOf = (meter: OtelMeter) => ({
  served: meter.createCounter('tessera.tokens.served', {
    unit: '{token}',
    description: 'Tokens that callers were given',
  }),
  timeToExpiry: meter.createHistogram('tessera.token.time_to_expiry', {
    unit: 's',
    description: 'How long tokens were still valid when callers were given them',
    advice: { explicitBucketBoundaries: LIFETIMES },
  }),
  wait: meter.createHistogram('tessera.token.wait.duration', {
    unit: 's',
    description: 'How long callers waited for a token that was not in memory',
    advice: { explicitBucketBoundaries: DURATIONS },
  }),
  joined: meter.createCounter('tessera.callers.joined', {
    unit: '{caller}',
    description: 'Callers who waited for a renewal that another caller had begun',
  }),
  renewal: meter.createHistogram('tessera.renewal.duration', {
    unit: 's',
    description: 'Renewals by their outcome, with the waits before them',
    advice: { explicitBucketBoundaries: DURATIONS },
  }),
  storeErrors: meter.createCounter('tessera.store.errors', {
    unit: '{error}',
    description: 'Calls that the token store did not answer',
  }),
  loginRequired: meter.createUpDownCounter('tessera.sessions.login_required', {
    unit: '{session}',
    description: 'Sessions that were asked for a token last, and need a login',
  }),
  events: meter.createCounter('tessera.session.events', {
    unit: '{event}',
    description: 'What sources told besides renewals',
  }),
})

const COUNTED: ReadonlyArray<SourceEvent['_tag']> = [
  'Pending',
  'Discarded',
  'Restored',
  'LoggedIn',
  'Refused',
  'LoginRequired',
  'Revoked',
]

/** So many sessions that need a login are told apart. */
const MOST_SESSIONS = 10_000

/** The keys of a process whose last call said that somebody must log in. */
const makeLoginRequired = (counter: OtelCounter) => {
  const keys = new Set<Key>()
  return (key: Key, isRequired: boolean): void => {
    if (isRequired && !keys.has(key) && keys.size < MOST_SESSIONS) {
      keys.add(key)
      counter.add(1)
    }
    if (!isRequired && keys.delete(key)) counter.add(-1)
  }
}

const isLoginRequired = (error: AuthError): boolean =>
  AuthError.causes(error).some(({ _tag }) => _tag === 'ReauthenticationRequired')

// -----------------------------------------------------------------------------
// constructor
// -----------------------------------------------------------------------------

const countedStore = (store: TokenStore, errors: OtelCounter): TokenStore => {
  const counted =
    <A>(operation: string, task: TaskEither<AuthError, A>): TaskEither<AuthError, A> =>
    async () => {
      const answer = await task()
      if (E.isLeft(answer)) {
        errors.add(1, { 'tessera.store.operation': operation, 'error.type': answer.left._tag })
      }
      return answer
    }
  return {
    ...store,
    get: (key) => counted('get', store.get(key)),
    compareAndSet: (key, expected, next) => counted('compare_and_set', store.compareAndSet(key, expected, next)),
  }
}

/**
 * Spans and metrics of sources, by OpenTelemetry's semantic conventions: `tessera.renewal` is a span for each renewal, with its waits as
 * events, in the trace of the call that began it; the metrics are in docs/telemetry.md. Metrics have no key in them, so that they are as
 * many for a million sessions as for one. No attribute has a secret; a span that failed says what `AuthError.show` says.
 *
 * @example
 * import { tokenTelemetry } from '@tessera/adapters/opentelemetry'
 * import { memoryStore, remoteCallback, TokenSource } from '@tessera/core'
 * import { openSource, systemClock } from '@tessera/node'
 * import { metrics, trace } from '@opentelemetry/api'
 * import { pipe } from 'fp-ts/lib/function.js'
 *
 * const telemetry = tokenTelemetry({
 *   meter: metrics.getMeter('@tessera/adapters'),
 *   tracer: trace.getTracer('@tessera/adapters'),
 *   clock: systemClock,
 * })
 * const strategy = remoteCallback(() => 'abc')
 * const source = telemetry.tokens(
 *   openSource(pipe(strategy, TokenSource.make(telemetry.config({ store: memoryStore(), key: 'service' })))),
 * )
 * assert.strictEqual(source.key, 'service')
 */
export const tokenTelemetry = ({ meter, tracer, clock, hash = keyHash }: TelemetryOptions): TokenTelemetry => {
  const { served, timeToExpiry, wait, joined, renewal, storeErrors, loginRequired, events } = instrumentsOf(meter)
  const now = (): number => clock.monotonic?.() ?? clock.now()
  const spans: RenewalSpans = makeRenewalSpans({ tracer, duration: renewal, hash, now })
  const noteLogin = makeLoginRequired(loginRequired)

  const observe = (event: SourceEvent): void => {
    spans.observe(event)
    if (COUNTED.includes(event._tag)) events.add(1, { 'tessera.event': event._tag })
    if (event._tag === 'LoggedIn') noteLogin(event.key, false)
  }

  const serve = (answer: E.Either<AuthError, TokenSet>): void => {
    if (E.isLeft(answer)) return
    served.add(1)
    const { expiresAt } = answer.right
    if (O.isSome(expiresAt)) timeToExpiry.record(between(clock.now(), expiresAt.value) / 1_000)
  }

  const tokens = <Source extends MayHaveKey>(source: Source): Source => {
    let waiting = 0
    const { key } = source
    const waited = async (asked: Tokens['get']): Promise<E.Either<AuthError, TokenSet>> => {
      const since = now()
      if (waiting++ > 0) joined.add(1)
      const answer = await asked().finally(() => waiting--)
      wait.record((now() - since) / 1_000, E.isLeft(answer) ? { 'error.type': answer.left._tag } : {})
      if (key !== undefined) {
        spans.answered(key)
        noteLogin(key, E.isLeft(answer) && isLoginRequired(answer.left))
      }
      serve(answer)
      return answer
    }
    const counted =
      (of: Tokens): Tokens['get'] =>
      () => {
        if (O.isNone(of.peek())) return waited(of.get)
        const answer = of.get()
        answer.then(serve, () => undefined)
        return answer
      }
    return {
      ...source,
      get: counted(source),
      within: (limits: Limits) => {
        const bounded = source.within(limits)
        return { ...bounded, get: counted(bounded) }
      },
    }
  }

  return {
    tokens,
    config: (config) => ({
      ...config,
      store: countedStore(config.store, storeErrors),
      observe: (event) => {
        observe(event)
        config.observe?.(event)
      },
    }),
  }
}
