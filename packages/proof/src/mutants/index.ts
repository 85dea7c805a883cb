/**
 * All deliberate breaks of core. Each is tried by every judge that can reach it: the laws and the interleavings (`npm run proof zoo`), the
 * schedules (`npm run proof explore -- --mutants`), the search for livelocks (test/step.test.ts), and core's test of records that do not open.
 */
import { around } from './around.js'
import { encrypted } from './encrypted.js'
import { lifecycle } from './lifecycle.js'
import type { Mutant } from './Mutant.js'
import { renewal } from './renewal.js'
import { session } from './session.js'

export const mutants: ReadonlyArray<Mutant> = [...renewal, ...lifecycle, ...session, ...around, ...encrypted]

export const mutantOf = (name: string): Mutant => {
  const found = mutants.find((mutant) => mutant.name === name)
  if (found === undefined) throw new Error(`there is no mutant "${name}"`)
  return found
}
