import * as O from 'fp-ts/lib/Option.js'
import { between, type Duration, type Instant, millis, plus } from '../Time.js'
import type { Cell, View } from './cell.js'

/** Whether the cell's token may be served at `now`. */
export const isUsable =
  <T, F>(view: View<T, F>, now: Instant) =>
  (cell: Cell<T>): boolean =>
    O.isSome(cell.token) && !cell.refused && isBefore(now, view.expiresAt(cell.token.value))

const isBefore = (now: Instant, end: O.Option<Instant>): boolean => O.isNone(end) || now < end.value

/** Of its life: the next token would hardly live longer than one that is so new. */
const NEW = 1 / 10

/** When a token was issued, and when it ends. */
export interface Life {
  readonly issuedAt: O.Option<Instant>
  readonly expiresAt: O.Option<Instant>
}

/**
 * Whether a token that is valid at `now` is so for long enough. One in the first tenth of its life is: otherwise each call would renew,
 * where no token lives that long. One without an end is too.
 */
export const suffices = ({ issuedAt, expiresAt }: Life, minValid: Duration, now: Instant): boolean => {
  if (O.isNone(expiresAt) || between(now, expiresAt.value) >= minValid) return true
  return O.isSome(issuedAt) && now < plus(issuedAt.value, millis(between(issuedAt.value, expiresAt.value) * NEW))
}
