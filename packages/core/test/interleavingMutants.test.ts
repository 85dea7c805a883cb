import type { InterleavingsConfig, Property } from '@tessera/testing'
import fc from 'fast-check'
import { judging } from './interleaving/judged.js'
import { loadCore } from './interleaving/loadCore.js'
import { type Mutant, mutants, withAnotherAccount } from './interleaving/mutants.js'

const RUNS = 6_000

/** How many runs it takes until the property is violated. */
const runsToKill = async ({
  killedBy,
  mode,
  patches = [],
  options = {},
  focus,
}: Mutant): Promise<number | undefined> => {
  const given: Partial<InterleavingsConfig> = { properties: [killedBy], ...(focus !== undefined && { focus }) }
  const { property } = judging(loadCore(patches), mode, options, { given })
  const result = await fc.check(property, { numRuns: RUNS, endOnFailure: true })
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
  const given: Partial<InterleavingsConfig> = {
    properties: ['lineage kept'],
    focus: { serverFaults: ['lost request', 'lost answer', 'late answer', 'throttled', 'busy'] },
  }
  await judging(loadCore(), 'grace until use', { decorate: withAnotherAccount }, { given, numRuns: 300 }).run()
})
