/**
 * What befalls a few processes that share one session.
 *
 * @packageDocumentation
 */
import * as fc from 'fast-check'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** One move of a scenario. What else moves, moves in an order that the scheduler chooses. */
export type Action =
  /** Some of the messages that are on their way arrive. */
  | { readonly _tag: 'deliver'; readonly count: number }
  /** Time passes, in ms. */
  | { readonly _tag: 'advance'; readonly ms: number }
  | Act

/** What a process does, or what happens to it. */
export interface Act {
  readonly _tag: 'get' | 'refuse' | 'revoke' | 'login' | 'crash' | 'close'
  readonly of: number
}

/** What befalls a token request. A late answer comes when its sender has given up. */
export type ServerFault = 'none' | 'not sent' | 'lost request' | 'lost answer' | 'late answer' | 'throttled' | 'busy'

/** What befalls a call to the store. */
export type StoreFault = 'none' | 'failed' | 'answer lost'

/** What a run is made of. */
export interface Scenario {
  readonly processes: number
  /** How the session's first token starts: near its end, or beyond. */
  readonly start: 'due' | 'ending' | 'expired'
  readonly renewal: 'background' | 'blocking'
  /** The store wakes waiters. */
  readonly wakes: boolean
  /** The store's clock minus everybody else's, in ms; none where it has no clock. */
  readonly storeClock: number | null
  readonly actions: ReadonlyArray<Action>
  /** What befalls the token requests, in their order; after the last, nothing. */
  readonly serverFaults: ReadonlyArray<ServerFault>
  /** What befalls the calls to the store, in their order; after the last, nothing. */
  readonly storeFaults: ReadonlyArray<StoreFault>
}

/** What a scenario is drawn from; everything where it is not narrowed. */
export interface Focus {
  readonly acts?: ReadonlyArray<Act['_tag']>
  readonly serverFaults?: ReadonlyArray<ServerFault>
  readonly storeFaults?: ReadonlyArray<StoreFault>
  /** What is not drawn. */
  readonly fixed?: Partial<Scenario>
}

// -----------------------------------------------------------------------------
// arbitraries
// -----------------------------------------------------------------------------

const ACTS: ReadonlyArray<Act['_tag']> = ['refuse', 'revoke', 'login', 'crash', 'close']
const SERVER_FAULTS: ReadonlyArray<ServerFault> = [
  'not sent',
  'lost request',
  'lost answer',
  'late answer',
  'throttled',
  'busy',
]
const STORE_FAULTS: ReadonlyArray<StoreFault> = ['failed', 'answer lost']

/** Around the ends of stalls, flights, leases, cool-downs and tokens, in ms. */
const ADVANCES = [1, 500, 1_000, 3_000, 16_000, 21_000, 70_000, 3_600_000]

const action = (acts: ReadonlyArray<Act['_tag']>): fc.Arbitrary<Action> => {
  const act = (tag: fc.Arbitrary<Act['_tag']>): fc.Arbitrary<Action> => fc.record({ _tag: tag, of: fc.nat(3) })
  return fc.oneof(
    {
      weight: 10,
      arbitrary: fc.record({ _tag: fc.constant('deliver' as const), count: fc.integer({ min: 1, max: 4 }) }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        _tag: fc.constant('advance' as const),
        ms: fc.constantFrom(...ADVANCES),
      }),
    },
    { weight: 8, arbitrary: act(fc.constant('get')) },
    ...(acts.length === 0 ? [] : [{ weight: 4, arbitrary: act(fc.constantFrom(...acts)) }]),
  )
}

const faults = <A extends string>(of: ReadonlyArray<A>, none: number): fc.Arbitrary<A | 'none'> =>
  of.length === 0
    ? fc.constant('none' as const)
    : fc.oneof(
        { weight: none, arbitrary: fc.constant('none' as const) },
        { weight: 5, arbitrary: fc.constantFrom(...of) },
      )

/** Single failures, and outages that outlast the retries. */
const outages = <A>(fault: fc.Arbitrary<A>): fc.Arbitrary<ReadonlyArray<A>> =>
  fc
    .array(fc.tuple(fault, fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, fc.integer({ min: 2, max: 60 }))), {
      maxLength: 12,
    })
    .map((runs) => runs.flatMap(([of, length]) => Array.from({ length }, () => of)))

/** Runs of 2 to 4 processes over one session. */
export const scenarios = ({
  acts = ACTS,
  serverFaults = SERVER_FAULTS,
  storeFaults = STORE_FAULTS,
  fixed = {},
}: Focus = {}): fc.Arbitrary<Scenario> =>
  fc
    .record({
      processes: fc.integer({ min: 2, max: 4 }),
      start: fc.constantFrom('due' as const, 'expired' as const, 'ending' as const),
      renewal: fc.constantFrom('background' as const, 'blocking' as const),
      wakes: fc.boolean(),
      storeClock: fc.constantFrom(null, 0, 3_600_000, -3_600_000),
      actions: fc.array(action(acts), { minLength: 4, maxLength: 40, size: 'max' }),
      serverFaults: fc.array(faults(serverFaults, 4), { maxLength: 8 }),
      storeFaults: fc.oneof(fc.constant([]), outages(faults(storeFaults, 10))),
    })
    .map((drawn): Scenario => printable({ ...drawn, ...fixed }))

// -----------------------------------------------------------------------------
// printing
// -----------------------------------------------------------------------------

const showAction = (of: Action, processes: number): string => {
  switch (of._tag) {
    case 'deliver':
      return `${of.count} ${of.count === 1 ? 'message arrives' : 'messages arrive'}`
    case 'advance':
      return `${of.ms} ms pass`
    default:
      return `process ${of.of % processes}: ${of._tag}`
  }
}

const showFaults = (what: string, all: ReadonlyArray<string>): ReadonlyArray<string> =>
  all.some((fault) => fault !== 'none') ? [`${what}: ${all.join(', ')}`] : []

const showScenario = (scenario: Scenario): string =>
  [
    `${scenario.processes} processes; the token is ${scenario.start}; renewal: ${scenario.renewal}; ${
      scenario.wakes ? 'the store wakes' : 'the store wakes nobody'
    }${scenario.storeClock === null ? '' : `, and its clock is ${scenario.storeClock} ms off`}`,
    ...showFaults('token requests', scenario.serverFaults),
    ...showFaults('calls to the store', scenario.storeFaults),
    ...scenario.actions.map((of) => showAction(of, scenario.processes)),
  ].join('\n')

const printable = (scenario: Scenario): Scenario =>
  Object.defineProperty(scenario, fc.toStringMethod, { value: () => showScenario(scenario) })
