import type { Fault } from '../Fault.js'
import { answersBroken } from './answersBroken.js'
import { bodies } from './bodies.js'
import { broker } from './broker.js'
import { canaries } from './canaries.js'
import { clocks } from './clocks.js'
import { clocksApart } from './clocksApart.js'
import { clusterSlotMove } from './clusterSlotMove.js'
import { dpop } from './dpop.js'
import { fileBitFlips } from './fileBitFlips.js'
import { fileKill } from './fileKill.js'
import { fileOther } from './fileOther.js'
import { herd } from './herd.js'
import { interleavings } from './interleavings.js'
import { killGraceForATime, killGraceUntilUse, killStrict } from './kill.js'
import { loopbackLogin } from './loopbackLogin.js'
import { manySessions } from './manySessions.js'
import { mariadbRows } from './mariadb.js'
import { postgresRows } from './postgres.js'
import { redirects } from './redirects.js'
import { redisRows } from './redis.js'
import { redisDelete } from './redisDelete.js'
import { rejections } from './rejections.js'
import { revokeRace } from './revokeRace.js'
import { sentinelFailover } from './sentinelFailover.js'
import { sqliteRows } from './sqlite.js'
import { stalls } from './stalls.js'
import { stopPastLease } from './stopPastLease.js'
import { throttled } from './throttled.js'

/** The fault table, in the order of the report. */
export const rows: ReadonlyArray<Fault> = [
  interleavings,
  killGraceUntilUse,
  killGraceForATime,
  killStrict,
  dpop,
  stopPastLease,
  stalls,
  herd,
  manySessions,
  revokeRace,
  answersBroken,
  bodies,
  redirects,
  throttled,
  clocks,
  rejections,
  fileKill,
  fileBitFlips,
  fileOther,
  loopbackLogin,
  broker,
  ...redisRows,
  clocksApart,
  redisDelete,
  sentinelFailover,
  clusterSlotMove,
  ...postgresRows,
  ...mariadbRows,
  ...sqliteRows,
  canaries,
]
