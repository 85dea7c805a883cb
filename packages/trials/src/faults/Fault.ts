/**
 * A row of the fault table: what is injected, how often, and what was found.
 */
import type { Canaries } from './canaries.js'

/** What one row needs of the run. */
export interface Context {
  /** How often the fault is injected in this run. */
  readonly count: number
  /** Says how many are done. */
  readonly progress: (done: number) => void
  /** In [0, 1), from the seed of the run, which is printed. */
  readonly random: () => number
  /** What must not be in any output. */
  readonly canaries: Canaries
}

/** What one row found. */
export interface Findings {
  /** Sessions for which somebody has to log in again. */
  readonly lost: number
  /** Refresh tokens that were redeemed more than once, but for a declared recovery. */
  readonly doubleRedemptions: number
  /** Records that went back, and tokens that were committed onto another than their parent. */
  readonly staleOverwrites: number
  /** The longest that a call took beyond its deadline, in ms: without the event loop's delay, and the time stopped. */
  readonly maxOverdueMs: number
  readonly secretsFound: number
  /** What else was not as expected, in words without secrets; at most a few are shown. */
  readonly problems: ReadonlyArray<string>
  /** What the report says beside the numbers, e.g. how many recoveries there were. */
  readonly note?: string
}

/** Servers, by the names of their programs. */
export type Program = 'redis-server' | 'postgres' | 'pgbouncer' | 'mariadb'

/** A row. */
export interface Fault {
  /** As `--only` takes it. */
  readonly name: string
  /** What is done, for the report. */
  readonly injection: string
  /** What must be, for the report. */
  readonly expected: string
  /** How often at full scale. */
  readonly count: number
  /** How long that takes on two cores, about, in s. */
  readonly seconds: number
  /** The test in `test/faults` that runs it, with its real parts and with broken ones. Without one, a short run of the table does. */
  readonly test?: string
  /** A program without which it cannot be run. */
  readonly needs?: Program
  /** How many sessions may be lost, of what was found; 0 unless given. */
  readonly mayLose?: (findings: Findings) => number
  readonly run: (context: Context) => Promise<Findings>
}

/** Nothing found. */
export const nothing: Findings = {
  lost: 0,
  doubleRedemptions: 0,
  staleOverwrites: 0,
  maxOverdueMs: 0,
  secretsFound: 0,
  problems: [],
}

/** How far a call may go beyond its deadline, in ms. */
export const GRACE = 100
