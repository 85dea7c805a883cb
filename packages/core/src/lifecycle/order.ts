import * as O from 'fp-ts/lib/Option.js'
import { type Instant, instant } from '../Time.js'
import type { Cell, Nonce } from './cell.js'

/**
 * Whether one cell is older than another one of the same key. What was opened later is newer; in one epoch, a later token is, and
 * a refused one than the same not refused. That holds also of two histories that know nothing of each other, because the record
 * was deleted or lost in between: their epochs' numbers say nothing, so the time comes first, and of the same time the nonce
 * decides, for all processes alike. A cell without a time was written by an older version, and is older than any with one.
 *
 * @example
 * import { Lifecycle } from '@tessera/core'
 *
 * assert.strictEqual(Lifecycle.precedes(Lifecycle.empty, { ...Lifecycle.empty, generation: 1 }), true)
 */
export const precedes = <T>(before: Cell<T>, after: Cell<T>): boolean => {
  const [earlier, later] = [sinceOf(before), sinceOf(after)]
  if (earlier !== later) return earlier < later
  if (before.epoch !== after.epoch) return before.epoch < after.epoch
  const [one, other] = [originOf(before), originOf(after)]
  if (one !== other) return O.isSome(before.since) && one < other
  if (before.generation !== after.generation) return before.generation < after.generation
  return !before.refused && after.refused
}

const sinceOf = <T>({ since }: Cell<T>): number => (O.isSome(since) ? since.value : Number.NEGATIVE_INFINITY)
const originOf = <T>({ origin }: Cell<T>): Nonce => (O.isSome(origin) ? origin.value : '')

/**
 * The cell that is written in place of another one, at `now`: where that opens an epoch, or begins a record, with its time. It is
 * later than the one before, whatever the clock says: that of another primary may be behind.
 *
 * @example
 * import { instant, Lifecycle } from '@tessera/core'
 * import * as O from 'fp-ts/lib/Option.js'
 *
 * const { since } = Lifecycle.dated(Lifecycle.empty, { ...Lifecycle.empty, epoch: 1 }, instant(7))
 * assert.deepStrictEqual(since, O.some(7))
 */
export const dated = <T>(before: Cell<T>, after: Cell<T>, now: Instant): Cell<T> =>
  after.epoch === before.epoch && !isNothing(before)
    ? after
    : { ...after, since: O.some(instant(Math.max(now, sinceOf(before) + 1))) }

/** No write was ever made. */
const isNothing = <T>({ epoch, generation, lease, since }: Cell<T>): boolean =>
  epoch === 0 && generation === 0 && O.isNone(lease) && O.isNone(since)
