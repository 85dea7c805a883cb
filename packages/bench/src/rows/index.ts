/** The rows, in the order of the report. Each is in a file of its own: `g1.ts` exports `g1`. */
import type { Row } from '../Row.js'

export const rows: ReadonlyArray<Row> = []
