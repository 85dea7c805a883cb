import fc from 'fast-check'
import { loadCore } from './interleaving/loadCore.js'
import { scenario } from './interleaving/scenario.js'
import type { Mode } from './interleaving/server.js'
import { run } from './interleaving/world.js'

const RUNS = Number(process.env['INTERLEAVINGS'] ?? 3_400)
const core = loadCore()

describe('scheduled runs of 2 to 4 processes over one session keep every property', () => {
  test.each<Mode>(['strict', 'grace until use', 'grace for a time'])(
    '%s',
    async (mode) => {
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), scenario(mode), async (scheduler, given) => {
          expect(await run(core, scheduler, given)).toEqual([])
        }),
        { numRuns: RUNS },
      )
    },
    120_000,
  )
})
