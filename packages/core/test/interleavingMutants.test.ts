import fc from 'fast-check'
import { loadCore } from './interleaving/loadCore.js'
import { type Mutant, mutants, withAnotherAccount } from './interleaving/mutants.js'
import { scenario } from './interleaving/scenario.js'
import { type Options, type Property, run } from './interleaving/world.js'

const RUNS = 6_000

/** How many runs it takes until the property is violated. */
const runsToKill = async ({
  killedBy,
  mode,
  patches = [],
  options = {},
  focus = {},
}: Mutant): Promise<number | undefined> => {
  const core = loadCore(patches)
  const result = await fc.check(
    fc.asyncProperty(fc.scheduler(), scenario(mode, focus), async (scheduler, given) => {
      const violations = await run(core, scheduler, given, options)
      return !violations.some(({ property }) => property === killedBy)
    }),
    { numRuns: RUNS, endOnFailure: true },
  )
  return result.failed ? result.numRuns : undefined
}

describe('each mutant is killed by its property', () => {
  const table: Array<[string, Property, Mutant]> = mutants.map((mutant) => [mutant.name, mutant.killedBy, mutant])
  test.each(table)(
    '%s: %s',
    async (_name, _property, mutant) => {
      expect(await runsToKill(mutant)).toBeLessThanOrEqual(RUNS)
    },
    300_000,
  )
})

test('the decorated strategy of a mutant is harmless in the real code', async () => {
  const options: Options = { decorate: withAnotherAccount }
  const core = loadCore()
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), scenario('grace until use'), async (scheduler, given) => {
      const serverFaults = given.serverFaults.map((fault) => (fault === 'not sent' ? 'none' : fault))
      const violations = await run(core, scheduler, { ...given, serverFaults }, options)
      expect(violations.filter(({ property }) => property === 'lineage kept')).toEqual([])
    }),
    { numRuns: 300 },
  )
})
