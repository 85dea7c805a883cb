import type { Fault } from '../Fault.js'
import { answersBroken } from './answersBroken.js'
import { bodies } from './bodies.js'
import { canaries } from './canaries.js'
import { interleavings } from './interleavings.js'
import { redirects } from './redirects.js'
import { redisRows } from './redis.js'
import { throttled } from './throttled.js'

/** The fault table, in the order of the report. */
export const rows: ReadonlyArray<Fault> = [
  interleavings,
  answersBroken,
  bodies,
  redirects,
  throttled,
  ...redisRows,
  canaries,
]
