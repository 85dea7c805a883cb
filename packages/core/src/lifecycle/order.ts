import * as O from 'fp-ts/lib/Option.js'
import { type Instant, instant } from '../Time.js'
import type { Cell, Nonce } from './cell.js'

/**
 * Whether one cell is older than another one of the same key. The cell whose epoch was opened later is newer. Within an epoch, the later
 * token is newer, and a refused token is newer than the same one not refused. If the record was deleted or lost in between, the numbers of
 * the epochs cannot be compared. So the time is compared first, and at the same time the nonce decides, alike in all processes. A cell
 * without a time was written by an older version, and is older than any cell with one.
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
 * The cell to write in place of another one, at `now`. If it opens an epoch or begins a record, it gets the time of that. This time is
 * always later than the previous one, even if the clock is behind, as the clock of another primary may be.
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

/** Whether the cell was never written. */
const isNothing = <T>({ epoch, generation, lease, since }: Cell<T>): boolean =>
  epoch === 0 && generation === 0 && O.isNone(lease) && O.isNone(since)
