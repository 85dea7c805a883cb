import type { Property } from '@tessera/testing'
import { coreLoader, judging, type Mutant, modes, mutants, withAnotherAccount } from '@tessera/zoo'
import fc from 'fast-check'

const RUNS = 6_000
const loadCore = coreLoader()

/** How many runs it takes until the property is violated. */
const runsToKill = async ({
  killedBy,
  mode,
  patches = [],
  options = {},
  focus,
}: Mutant): Promise<number | undefined> => {
  const narrowed = { properties: [killedBy], ...(focus !== undefined && { focus }) }
  const { property } = judging(loadCore(patches), modes[mode], options, narrowed)
  const result = await fc.check(property, { numRuns: RUNS, endOnFailure: true })
  return result.failed ? result.numRuns : undefined
}

describe('each mutant is killed by its property', () => {
  // Those that take a few runs only are tried in the tests of packages/zoo.
  const slow = mutants.filter(({ isSlow = false }) => isSlow)
  const table: Array<[string, Property, Mutant]> = slow.map((mutant) => [mutant.name, mutant.killedBy, mutant])
  test.each(table)(
    '%s: %s',
    async (_name, _property, mutant) => {
      expect(await runsToKill(mutant)).toBeLessThanOrEqual(RUNS)
    },
    300_000,
  )
})

test('the decorated strategy of a mutant is harmless in the real code', async () => {
  const decorated = { decorate: withAnotherAccount }
  await judging(loadCore(), modes['grace until use'], decorated, {
    properties: ['lineage kept'],
    focus: { serverFaults: ['lost request', 'lost answer', 'late answer', 'throttled', 'busy'] },
    numRuns: 300,
  }).run()
})
