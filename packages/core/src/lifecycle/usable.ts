import * as O from 'fp-ts/lib/Option.js'
import type { Instant } from '../Time.js'
import type { Cell, View } from './cell.js'

/** Whether the cell's token may be served at `now`. */
export const isUsable =
  <T, F>(view: View<T, F>, now: Instant) =>
  (cell: Cell<T>): boolean =>
    O.isSome(cell.token) && !cell.refused && isBefore(now, view.expiresAt(cell.token.value))

const isBefore = (now: Instant, end: O.Option<Instant>): boolean => O.isNone(end) || now < end.value
