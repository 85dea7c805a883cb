import type { Fault } from '../Fault.js'
import { redirects } from './redirects.js'

/** The fault table, in the order of the report. */
export const rows: ReadonlyArray<Fault> = [redirects]
