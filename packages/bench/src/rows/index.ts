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
import { f1 } from './f1.js'
import { f2 } from './f2.js'
import { f3 } from './f3.js'
import { g1 } from './g1.js'
import { g2 } from './g2.js'
import { g3 } from './g3.js'
import { h1 } from './h1.js'
import { h2 } from './h2.js'
import { i1 } from './i1.js'
import { i2 } from './i2.js'
import { s1 } from './s1.js'
import { s2 } from './s2.js'
import { s3 } from './s3.js'
import { s4 } from './s4.js'

export const rows: ReadonlyArray<Row> = [
  a,
  b1,
  b2,
  c1,
  c2,
  d1,
  d2,
  d3,
  e,
  f1,
  f2,
  f3,
  g1,
  g2,
  g3,
  h1,
  h2,
  i1,
  i2,
  s1,
  s2,
  s3,
  s4,
]
