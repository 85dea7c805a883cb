/**
 * Arbitraries of what a strategy does, attempt by attempt.
 *
 * @packageDocumentation
 */
import {
  type AuthError,
  type Clock,
  type Duration,
  millis,
  minutes,
  plus,
  Secret,
  TokenSet,
  type Traits,
} from '@tessera/core'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { errors } from './arbitraries.js'
import { type Scripted, type ScriptedAnswer, scriptedStrategy } from './scriptedStrategy.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** What comes of one attempt. */
export type Result =
  /** A token; `rotates`: with a new refresh token. */
  { readonly _tag: 'Succeeds'; readonly rotates: boolean } | { readonly _tag: 'Fails'; readonly error: AuthError }

/** What a strategy does in one attempt. */
export type Behaviour =
  | Result
  /** Its answer comes after so long, in ms, whatever the deadline. */
  | { readonly _tag: 'IsLate'; readonly after: Duration; readonly result: Result }
  | { readonly _tag: 'Hangs' }

// -----------------------------------------------------------------------------
// arbitraries
// -----------------------------------------------------------------------------

const results: fc.Arbitrary<Result> = fc.oneof(
  { withCrossShrink: true },
  fc.record({ _tag: fc.constant('Succeeds' as const), rotates: fc.boolean() }),
  fc.record({ _tag: fc.constant('Fails' as const), error: errors }),
)

/** Whatever a strategy may do. */
export const behaviours: fc.Arbitrary<Behaviour> = fc.oneof(
  { withCrossShrink: true },
  { weight: 4, arbitrary: results },
  {
    weight: 2,
    arbitrary: fc.record({
      _tag: fc.constant('IsLate' as const),
      after: fc.integer({ min: 1, max: 60_000 }).map(millis),
      result: results,
    }),
  },
  { weight: 1, arbitrary: fc.constant<Behaviour>({ _tag: 'Hangs' }) },
)

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * A strategy that behaves so, attempt by attempt. Its tokens are counted, as those of the modelled server: the first attempt that
 * succeeds brings `access-1`, and `refresh-1` if it rotates.
 *
 * @example
 * import { memoryStore, TokenSource } from '@tessera/core'
 * import { behaviours, behaving, testEnvironment } from '@tessera/testing'
 * import * as fc from 'fast-check'
 *
 * const property = fc.asyncProperty(fc.array(behaviours), async (all) => {
 *   const env = testEnvironment()
 *   const { strategy } = behaving(env.clock)(all)
 *   const source = TokenSource.make({ store: memoryStore() })(strategy)(env)()
 *   await env.clock.settle(source.get()) // it settles, whatever the strategy does
 * })
 * void fc.assert(property, { numRuns: 10 })
 */
export const behaving =
  (clock: Clock, { lifetime = minutes(60), ...traits }: Traits & { readonly lifetime?: Duration } = {}) =>
  (all: Iterable<Behaviour>): Scripted => {
    let drawn = 0

    const token = (rotates: boolean): TokenSet => {
      const number = ++drawn
      const now = clock.now()
      return TokenSet.make(Secret.make('AccessToken', `access-${number}`), {
        refreshToken: rotates ? O.some(Secret.make('RefreshToken', `refresh-${number}`)) : O.none,
        issuedAt: O.some(now),
        expiresAt: O.some(plus(now, lifetime)),
      })
    }

    const answer =
      (behaviour: Behaviour): ScriptedAnswer =>
      (attempt) =>
      async () => {
        switch (behaviour._tag) {
          case 'Succeeds': {
            const next = token(behaviour.rotates)
            return E.right(O.isSome(attempt.previous) ? TokenSet.succeeding(attempt.previous.value)(next) : next)
          }
          case 'Fails':
            return E.left(behaviour.error)
          case 'IsLate': {
            await clock.sleep(behaviour.after)()
            const late = answer(behaviour.result)
            return typeof late === 'function' ? late(attempt)() : late
          }
          case 'Hangs':
            return new Promise(() => undefined)
        }
      }

    return scriptedStrategy(Array.from(all, answer), traits)
  }
