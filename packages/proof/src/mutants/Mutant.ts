/** A deliberate break of core, and who must notice it. */
import type { Focus, Property } from '@tessera/testing'
import type { Around, Mode } from '../copies/judging.js'
import type { Patch } from '../copies/loadCore.js'
import type { Mode as StepMode } from '../step/State.js'

/** Orders of messages that are drawn. */
export interface ByInterleavings {
  readonly property: Property
  /** Of the server. */
  readonly mode: Mode
  /** What narrows the search. */
  readonly focus?: Focus
  /** It takes many runs: `npm run proof zoo` tries it, and no test. */
  readonly isSlow?: boolean
}

/** Every order of messages in one small case. */
export interface BySchedules {
  readonly property: Property
  readonly scenario: string
  /** Default: 0. */
  readonly stalls?: number
  /** It takes thousands of schedules: `npm run proof explore -- --mutants` tries it, and no test. */
  readonly isSlow?: boolean
}

/**
 * Those that can reach a mutant. Each of them must notice it. All were tried: a law that notices it in 15 runs, interleavings in 600,
 * or in 1,500 where they are narrowed.
 */
export interface Judges {
  /** The name of one of the laws of a source. */
  readonly law?: string
  readonly interleavings?: ByInterleavings
  readonly schedules?: BySchedules
  /** All states of `step` alone, in which somebody may ask for ever: the mode of the server. */
  readonly livelock?: StepMode
  /** A session whose record does not open: packages/core/test/encryptedMutants.test.ts. */
  readonly unopened?: true
}

/** A copy of core that is broken at one place. Which part that is, the patches say. */
export interface Mutant {
  readonly name: string
  readonly patches: ReadonlyArray<Patch>
  /** What has to stand around the copy, for the break to show. */
  readonly around?: Around
  readonly judges: Judges
}
