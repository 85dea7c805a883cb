/**
 * A source in several processes, with its calls, its messages to the server and to the store, and its timers in every order.
 *
 * @packageDocumentation
 */
import { type Duration, memoryStore, seconds, type TokenStore } from '@tessera/core'
import * as fc from 'fast-check'
import type { IO } from 'fp-ts/lib/IO.js'
import type { Task } from 'fp-ts/lib/Task.js'
import { isUnforgiving, type Outcome, run } from './internal/world/run.js'
import { type Law, type LawParameters, law } from './Law.js'
import type { MakeSource } from './Parts.js'
import { properties as all, type Property } from './properties.js'
import type { Rotation } from './ServerModel.js'
import { type Focus, scenarios } from './scenarios.js'
import { microtasks } from './testClock.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** What is run through its interleavings, and what must hold. */
export interface InterleavingsConfig {
  /** Opens the source in one process; called once a process. All of them must have the same key. */
  readonly make: MakeSource
  /** The place of the session. Default: `memoryStore`. */
  readonly store?: IO<TokenStore>
  /** What the modelled server does with a refresh token that is redeemed. Default: as Box. */
  readonly mode?: Rotation
  /** Which properties are judged. Default: all. */
  readonly properties?: ReadonlyArray<Property>
  /**
   * From what scenarios are drawn. Default: everything; at a server without grace all but answers that come after their
   * sender has given up, since those cost a session whatever a client does.
   */
  readonly focus?: Focus
  /** The pipeline needs no refresh token: client credentials, an assertion. Default: false. */
  readonly selfSufficient?: boolean
  /** The source's own `timeout`, in ms. Default: that of a source, 15 s. */
  readonly sourceTimeout?: Duration
  /**
   * Lets everything run that waits for no message and no time. Default: rounds of microtasks, enough for code that only awaits.
   * For code with I/O: `() => new Promise((resolve) => setImmediate(resolve))`.
   */
  readonly turn?: Task<void>
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

const WITHOUT_GRACE: Focus = { serverFaults: ['not sent', 'lost request', 'lost answer', 'throttled', 'busy'] }

const report = ({ violations, story }: Outcome): string =>
  [
    ...violations.map(({ property, detail }) => `"${property}" is broken: ${detail}`),
    'The story:',
    ...story().map((line) => `  ${line}`),
  ].join('\n')

/**
 * Runs of 2 to 4 processes over one session at a modelled server, in which requests, answers, calls to the store and timers are
 * delayed, lost and put in another order, processes crash, and people log in and revoke. At the end the faults stop, and
 * everybody must be served.
 *
 * @example
 * import { TokenSource } from '@tessera/core'
 * import { interleavings } from '@tessera/testing'
 * import { pipe } from 'fp-ts/lib/function.js'
 *
 * const { run } = interleavings(
 *   { make: ({ strategy, env, ...parts }) => pipe(strategy, TokenSource.make(parts))(env)() },
 *   { numRuns: 10 },
 * )
 * void run()
 */
export const interleavings = (config: InterleavingsConfig, parameters: LawParameters = {}): Law => {
  const { mode = { _tag: 'GraceUntilUsed' }, properties = all } = config
  const world = {
    store: memoryStore,
    selfSufficient: false,
    sourceTimeout: seconds(15),
    turn: microtasks,
    ...config,
    mode,
  }
  const focus = config.focus ?? (isUnforgiving(mode) ? WITHOUT_GRACE : {})
  return law(
    properties.length === 1 ? `in every interleaving: ${properties[0]}` : 'in every interleaving, every property holds',
    fc.asyncProperty(scenarios(focus), fc.scheduler(), async (scenario, scheduler) => {
      const { violations, story } = await run(world, scheduler, scenario)
      const broken = violations.filter(({ property }) => properties.includes(property))
      if (broken.length > 0) throw new Error(report({ violations: broken, story }))
    }),
    parameters,
  )
}
