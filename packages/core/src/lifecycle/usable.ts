import * as O from 'fp-ts/lib/Option.js'
import { between, type Duration, type Instant, millis, plus } from '../Time.js'
import type { Cell, View } from './cell.js'

/** Whether the cell's token may be served at `now`. */
export const isUsable =
  <T, F>(view: View<T, F>, now: Instant) =>
  (cell: Cell<T>): boolean =>
    O.isSome(cell.token) && !cell.refused && isBefore(now, view.expiresAt(cell.token.value))

const isBefore = (now: Instant, end: O.Option<Instant>): boolean => O.isNone(end) || now < end.value

/** The share of its life in which a token is new: the next token would hardly live longer. */
const NEW = 1 / 10

/** When a token was issued, and when it ends. */
export interface Life {
  readonly issuedAt: O.Option<Instant>
  readonly expiresAt: O.Option<Instant>
}

/**
 * Whether a token that is valid at `now` will be valid for `minValid`. A token in the first tenth of its life always suffices: otherwise
 * each call would renew if no token lives that long. A token without an expiry suffices too.
 */
export const suffices = ({ issuedAt, expiresAt }: Life, minValid: Duration, now: Instant): boolean => {
  if (O.isNone(expiresAt) || between(now, expiresAt.value) >= minValid) return true
  return O.isSome(issuedAt) && now < plus(issuedAt.value, millis(between(issuedAt.value, expiresAt.value) * NEW))
}
