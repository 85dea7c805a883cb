import fc from 'fast-check'
import type { Mode } from './server.js'
import type { Action, Scenario, ServerFault, StoreFault } from './world.js'

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({ _tag: fc.constant('deliver' as const), count: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      _tag: fc.constant('advance' as const),
      ms: fc.constantFrom(1, 500, 1_000, 3_000, 16_000, 21_000, 70_000, 3_600_000),
    }),
  },
  { weight: 8, arbitrary: fc.record({ _tag: fc.constant('get' as const), of: fc.nat(3) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      _tag: fc.constantFrom('refuse' as const, 'revoke' as const, 'login' as const, 'crash' as const, 'close' as const),
      of: fc.nat(3),
    }),
  },
)

const serverFault: fc.Arbitrary<ServerFault> = fc.oneof(
  { weight: 4, arbitrary: fc.constant('none' as const) },
  {
    weight: 5,
    arbitrary: fc.constantFrom(
      'not sent' as const,
      'lost request' as const,
      'lost answer' as const,
      'late answer' as const,
      'throttled' as const,
      'busy' as const,
    ),
  },
)

const storeFault: fc.Arbitrary<StoreFault> = fc.oneof(
  { weight: 12, arbitrary: fc.constant('none' as const) },
  { weight: 2, arbitrary: fc.constantFrom('failed' as const, 'answer lost' as const) },
)

/** Runs of 2 to 4 processes over one session. */
export const scenario = (mode: Mode): fc.Arbitrary<Scenario> =>
  fc.record({
    mode: fc.constant(mode),
    processes: fc.integer({ min: 2, max: 4 }),
    actions: fc.array(action, { minLength: 4, maxLength: 40, size: 'max' }),
    serverFaults: fc.array(serverFault, { maxLength: 8 }),
    storeFaults: fc.oneof(fc.constant([]), fc.array(storeFault, { maxLength: 40, size: 'max' })),
  })
