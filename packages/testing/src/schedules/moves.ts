import { type Instant, instant } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import type { Move, Place } from './Move.js'
import type { Call, Process, Timer } from './processes.js'
import type { World } from './world.js'

/** What a lease outlives its flight by, less the pause before a write is tried again; in ms. */
const PAUSES = 2_000
/** So long before its end a lease is older than the margin in which a request may leave, and a request's own deadline is to come; in ms. */
const TOO_OLD = 6_000

/**
 * How long each step may take between a redemption and the write that stores what it brought: with all stalls, less than the lease. Who
 * takes longer has lost it, and no client can help that. Everything else may take as long as it likes.
 */
const patienceOf = ({ plan }: World): number => (plan.sourceTimeout - PAUSES) / Math.max(1, plan.stalls)

const isDue = ({ due }: Timer, now: Instant): boolean => due <= now

const canArrive = ({ at, reply }: Call, { lock }: World): boolean =>
  reply === undefined && (at !== 'lock' || lock.holder === undefined)

const has = (world: World, fault: NonNullable<Move['fault']>): boolean => (world.left.get(fault) ?? 0) > 0

const NOTHING = { process: undefined, id: '', fault: undefined, touches: undefined, isRead: false, to: undefined }

// -----------------------------------------------------------------------------
// of one process
// -----------------------------------------------------------------------------

/** Whether it is handed a token next, which the server grants then. */
const isGranted = ({ plan }: World, { index, begun }: Process): boolean => plan.acts[index]?.[begun] === 'adopt'

/** What a process can take in now. */
const takingIn = (world: World, process: Process): Array<Move> => {
  // Who hears of what others write is told, or not, by who comes first.
  const touches: Place | undefined = world.plan.wakes ? 'store' : undefined
  const own = (kind: Move['kind'], id: string): Move => ({ ...NOTHING, kind, process: process.index, id, touches })
  const moves: Array<Move> = []
  for (const { id, reply } of process.calls) if (reply !== undefined) moves.push(own('is answered', id))
  const [timer] = process.timers
  if (timer !== undefined && isDue(timer, world.now())) moves.push(own('wakes', String(timer.id)))
  if (process.acts.length > 0)
    moves.push({ ...own('begins', String(process.begun)), touches: isGranted(world, process) ? 'everywhere' : touches })
  return moves
}

/** What it takes in, or that it crashes instead: only then does it make a difference whether it has crashed. */
const ownMoves = (world: World, process: Process): ReadonlyArray<Move> => {
  if (process.isDead || process.isHeld) return []
  const moves = takingIn(world, process)
  // What it was granted and has not stored is lost then: what is asked of the server is judged by that.
  if (moves.length > 0 && has(world, 'crash'))
    moves.push({ ...NOTHING, kind: 'crashes', process: process.index, fault: 'crash', touches: 'server' })
  return moves
}

const arrivals = (world: World, process: Process): ReadonlyArray<Move> => {
  const moves: Array<Move> = []
  for (const call of process.calls) {
    if (!canArrive(call, world)) continue
    const { id, at, isRead } = call
    const plain: Move = { ...NOTHING, kind: 'arrives', process: process.index, id, touches: at, isRead }
    moves.push(plain)
    for (const fault of call.faults) if (has(world, fault)) moves.push({ ...plain, fault })
  }
  return moves
}

// -----------------------------------------------------------------------------
// of all
// -----------------------------------------------------------------------------

/** When time may stop before the next timer ends: at the end of a lease, and when it is too old to begin to use it. */
const stopsOf = ({ store }: World): ReadonlyArray<number> => {
  const { lease } = store.cell()
  return O.isSome(lease) ? [lease.value.until, lease.value.until - TOO_OLD] : []
}

/** Since when each thing waits that a process has sent, or is still to take in. A late answer comes when it comes. */
const waitingSince = (world: World, { calls, timers }: Process): ReadonlyArray<number> => [
  ...calls
    .filter((call) => !call.isLate && (call.reply !== undefined || canArrive(call, world)))
    .map(({ since }) => since),
  ...timers.filter((timer) => isDue(timer, world.now())).map(({ due }) => due),
]

/** How much is on its way, and by when at the latest something of it must have come. */
export const inFlight = (world: World): { readonly count: number; readonly latest: number } => {
  let count = 0
  let latest = Number.POSITIVE_INFINITY
  for (const process of world.processes) {
    const waiting = waitingSince(world, process)
    count += waiting.length + (process.begun === 0 ? process.acts.length : 0)
    const isUrgent = process.calls.some((call) => call.isUrgent && !call.isLate) || world.judge.isOwing(process)
    if (isUrgent) latest = Math.min(latest, ...waiting.map((since) => since + patienceOf(world)))
  }
  return { count, latest }
}

/** Time goes on to the end of the next timer that is not due yet, never beyond; or less far, while something is on its way. */
const goingOn = (world: World): ReadonlyArray<Move> => {
  const now = world.now()
  const { count, latest } = inFlight(world)
  if (count > 0 && world.stalls === 0) return []
  let next = Number.POSITIVE_INFINITY
  for (const { timers } of world.processes) for (const { due } of timers) if (due > now && due < next) next = due
  const stops = count === 0 ? [] : stopsOf(world).filter((to) => to > now && to < next)
  return [next, ...stops]
    .filter((to) => to < Number.POSITIVE_INFINITY && to <= latest)
    .map((to) => ({ ...NOTHING, kind: 'time goes on', touches: 'everywhere', to: instant(to) }))
}

const rollingBack = (world: World): ReadonlyArray<Move> =>
  has(world, 'lost write') && world.store.canRollBack()
    ? [{ ...NOTHING, kind: 'the store loses a write', fault: 'lost write', touches: 'store' }]
    : []

/** Every move that there is. */
export const allMoves = (world: World): ReadonlyArray<Move> => [
  ...world.processes.flatMap((process) => [...ownMoves(world, process), ...arrivals(world, process)]),
  ...rollingBack(world),
  ...goingOn(world),
]

/** Everything of a process that is on its way to it, or that it may still begin. */
const countOf = ({ calls, timers, acts }: Process, now: Instant): number =>
  calls.length + acts.length + timers.filter((timer) => isDue(timer, now)).length

/**
 * The moves of which one comes first, without loss. Where all that is on its way to a process is one answer, or one timer, nobody else has
 * to do with when it takes that in, as long as time stands still: so at once, unless the process is stopped until time goes on. A late
 * answer is not of that kind: time goes on without it.
 */
export const firstMoves = (world: World): ReadonlyArray<Move> => {
  if (world.plan.wakes) return allMoves(world)
  const now = world.now()
  for (const process of world.processes) {
    if (process.isDead || process.isHeld || countOf(process, now) !== 1) continue
    // A later act may also begin when time has gone on.
    if (process.acts.length > 0 && (process.begun > 0 || isGranted(world, process))) continue
    const [call] = process.calls
    if (call !== undefined && (call.reply === undefined || call.isLate)) continue
    const stopping: Move = { ...NOTHING, kind: 'stops', process: process.index }
    return [...ownMoves(world, process), ...(world.stalls > 0 ? [stopping] : [])]
  }
  return allMoves(world)
}
