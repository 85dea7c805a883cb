/**
 * A row of the benchmark: one kind of work, done by the floor, by Tessera and by its peers.
 */
import type { Role } from './Case.js'

/** What one row needs of the run. */
export interface Context {
  /** Few rounds: to see that it works, not to judge. */
  readonly isQuick: boolean
  /** In [0, 1), from the seed of the run. */
  readonly random: () => number
  /** Says how much of the row is done. */
  readonly progress: (done: number, of: number) => void
  /** Keeps another picture of the row's, an SVG; `--report` writes it to `docs/charts/NAME.svg`. */
  readonly picture: (name: string, svg: string) => void
}

/** What is said of one case. */
export interface Result {
  /** The row's name. */
  readonly row: string
  readonly case: string
  readonly role: Role
  readonly isOurs: boolean
  /** The median of the rounds' ratios; null where the row has no floor. */
  readonly ratioToFloor: number | null
  /** The bounds of its bootstrap interval, or those of `value` where there is no ratio. */
  readonly low: number
  readonly high: number
  /** What is measured where it is no ratio, beside its unit. */
  readonly value?: number
  readonly unit?: string
  /** Requests to the server in one round: the most; null where there is no server. */
  readonly requests: number | null
  /** Callers without a token, in one round: the most. */
  readonly failures: number
  /** What ours has to reach, in words; null for the others. */
  readonly goal: string | null
  /** The goal is met: the median or at least its interval reaches it. For the others: nothing failed. */
  readonly ok: boolean
  /** Only the interval reaches the goal; the median does not. */
  readonly isAtEdge?: boolean
  /** What the number does not say. */
  readonly note?: string
}

/** Servers, by the names of their programs. */
export type Program = 'redis-server' | 'postgres'

/** A page of the docs. */
export type Page = 'performance' | 'databases'

export interface Row {
  /** As `--row` takes it: `A`, `B1`. */
  readonly name: string
  readonly title: string
  /** What is done, for the report. */
  readonly work: string
  /** What the others are measured against, for the report; undefined where there is none. */
  readonly floor?: string
  readonly goal: string
  /** How long it takes on two cores, about, in s. */
  readonly seconds: number
  readonly quickSeconds: number
  /** Its chart has a logarithmic axis. */
  readonly isLogarithmic?: boolean
  /** A program without which it cannot be run. */
  readonly needs?: Program
  /** The page of the docs that has it. Default: `performance`. */
  readonly page?: Page
  readonly run: (context: Context) => Promise<ReadonlyArray<Result>>
}
