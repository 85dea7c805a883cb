/** What is put to the laws. */
import type { Law, MakeSource, MakeStore } from '@tessera/testing'

/** Of which part it is a specimen; `step`: of the function with the rules about a session, or of the runtime around it. */
export type Kind = 'store' | 'source' | 'strategy' | 'step'

/** One specimen. */
export interface Specimen {
  readonly kind: Kind
  readonly name: string
  readonly isHonest: boolean
  /** The laws that it is put to. */
  readonly laws: () => Promise<ReadonlyArray<Law>> | ReadonlyArray<Law>
  /** It takes many runs: `npm run proof zoo` tries it, and no test. */
  readonly isSlow?: boolean
  /** How often each law is tried on an honest one. Default: 20. */
  readonly numRuns?: number
  readonly end?: () => Promise<void>
}

/** A store, as data. */
export interface StoreSpecimen {
  readonly name: string
  readonly make: MakeStore
  readonly lose?: (key: string) => Promise<void>
}

/** A source, as data. */
export interface SourceSpecimen {
  readonly name: string
  readonly make: MakeSource
}
