import fc from 'fast-check'
import { loadCore } from './loadCore.js'
import { type Focus, scenario } from './scenario.js'
import type { Mode } from './server.js'
import { run } from './world.js'

const RUNS = Number(process.env['INTERLEAVINGS'] ?? 3_400)

/** An answer that comes after its intent has ended costs a session where reuse kills it, whatever a client does. */
const focusOf = (mode: Mode): Focus =>
  mode === 'strict' ? { serverFaults: ['not sent', 'lost request', 'lost answer', 'throttled', 'busy'] } : {}

/** Scheduled runs of 2 to 4 processes over one session, at a server of one mode. */
export const judged = (mode: Mode): void => {
  test(`scheduled runs of 2 to 4 processes over one session keep every property: ${mode}`, async () => {
    const core = loadCore()
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), scenario(mode, focusOf(mode)), async (scheduler, given) => {
        expect(await run(core, scheduler, given)).toEqual([])
      }),
      { numRuns: RUNS },
    )
  }, 600_000)
}
