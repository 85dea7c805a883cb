import fc from 'fast-check'
import type { Mode } from './server.js'
import type { Act, Action, Scenario, ServerFault, StoreFault } from './world.js'

/** What a scenario draws from; everything where it is not narrowed. */
export interface Focus {
  readonly acts?: ReadonlyArray<Act['_tag']>
  readonly serverFaults?: ReadonlyArray<ServerFault>
  readonly storeFaults?: ReadonlyArray<StoreFault>
  /** What is not drawn. */
  readonly fixed?: Partial<Scenario>
}

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
export const scenario = (
  mode: Mode,
  { acts = ACTS, serverFaults = SERVER_FAULTS, storeFaults = STORE_FAULTS, fixed = {} }: Focus = {},
): fc.Arbitrary<Scenario> =>
  fc
    .record({
      mode: fc.constant(mode),
      processes: fc.integer({ min: 2, max: 4 }),
      start: fc.constantFrom('due' as const, 'expired' as const, 'ending' as const),
      renewal: fc.constantFrom('background' as const, 'blocking' as const),
      wakes: fc.boolean(),
      storeClock: fc.constantFrom(null, 0, 3_600_000, -3_600_000),
      actions: fc.array(action(acts), { minLength: 4, maxLength: 40, size: 'max' }),
      serverFaults: fc.array(faults(serverFaults, 4), { maxLength: 8 }),
      storeFaults: fc.oneof(fc.constant([]), outages(faults(storeFaults, 10))),
    })
    .map((drawn) => ({ ...drawn, ...fixed }))
