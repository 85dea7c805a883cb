import type { Fault } from '../Fault.js'

/** The fault table, in the order of the report. */
export const rows: ReadonlyArray<Fault> = []
