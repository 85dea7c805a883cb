/** The rows, in the order of the report. Each is in a file of its own: `g1.ts` exports `g1`. */
import type { Row } from '../Row.js'
import { a } from './a.js'
import { b1 } from './b1.js'
import { b2 } from './b2.js'
import { c1 } from './c1.js'
import { c2 } from './c2.js'
import { d1 } from './d1.js'
import { d2 } from './d2.js'
import { d3 } from './d3.js'
import { e } from './e.js'

export const rows: ReadonlyArray<Row> = [a, b1, b2, c1, c2, d1, d2, d3, e]
