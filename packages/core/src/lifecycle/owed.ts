import * as O from 'fp-ts/lib/Option.js'
import { between, type Instant, instant, minutes, plus } from '../Time.js'
import type { Cell, Owed, View } from './cell.js'
import { NOTHING, type Result } from './decision.js'
import type { Of } from './event.js'

/** How many tokens a record keeps until the server has confirmed that they are revoked. */
export const MOST_OWED = 8

/** How long a revocation is retried. After that it is given up. */
const REVOCATION_PATIENCE = minutes(7 * 24 * 60)

export const owedBy = <T>({ owed }: Cell<T>): ReadonlyArray<T> => (O.isSome(owed) ? owed.value.tokens : [])

const toOwed = <T>(tokens: ReadonlyArray<T>, times: Omit<Owed<T>, 'tokens'>): O.Option<Owed<T>> =>
  tokens.length === 0
    ? O.none
    : O.some({ tokens: tokens.slice(-MOST_OWED), retryAt: times.retryAt, since: times.since })

export const newlyOwed = <T>(tokens: ReadonlyArray<T>, retryAt: Instant): O.Option<Owed<T>> =>
  toOwed(tokens, { retryAt, since: O.none })

/** Whether two tokens are visibly of one grant: revoking the one then ends the other. */
const isOfOne = <T, F>({ access, refresh, equals }: View<T, F>, one: T, other: T): boolean => {
  const [mine, theirs] = [refresh(one), refresh(other)]
  return equals(access(one), access(other)) || (O.isSome(mine) && O.isSome(theirs) && equals(mine.value, theirs.value))
}

/**
 * Whether the session goes on by this token, or by another one of the same grant, as far as that can be seen.
 *
 * @example
 * import { Lifecycle } from '@tessera/core'
 *
 * const view: Lifecycle.View<string, string> = {
 *   issuedAt: () => ({ _tag: 'None' }),
 *   expiresAt: () => ({ _tag: 'None' }),
 *   access: (token) => token,
 *   refresh: () => ({ _tag: 'None' }),
 *   equals: (a, b) => a === b,
 * }
 * assert.strictEqual(Lifecycle.isHeld(view, 'a')({ ...Lifecycle.empty, token: { _tag: 'Some', value: 'a' } }), true)
 */
export const isHeld =
  <T, F>(view: View<T, F>, token: T) =>
  ({ token: held }: Cell<T>): boolean =>
    O.isSome(held) && isOfOne(view, token, held.value)

/** The cell with a new token. A server may grant an owed token again: then it is no longer owed. */
export const holding = <T, F>(view: View<T, F>, token: T, cell: Cell<T>): Cell<T> => {
  const { owed } = cell
  return {
    ...cell,
    token: O.some(token),
    owed: O.isSome(owed)
      ? toOwed(
          owed.value.tokens.filter((of) => !isOfOne(view, of, token)),
          owed.value,
        )
      : O.none,
  }
}

/** The cell that owes one more token. None if the cell's own session holds that token, or if it cannot be revoked. */
export const owing = <T, F>(
  view: View<T, F>,
  token: T,
  retryAt: O.Option<Instant>,
  cell: Cell<T>,
): O.Option<Cell<T>> => {
  if (O.isNone(retryAt) || isHeld(view, token)(cell)) return O.none
  const tokens = owedBy(cell)
  const isThere = tokens.some((of) => view.equals(view.access(of), view.access(token)))
  return O.some(isThere ? cell : { ...cell, owed: newlyOwed([...tokens, token], retryAt.value) })
}

/** The result for a token whose epoch has ended. */
export const discarded = <T, F>(
  view: View<T, F>,
  { token, retryAt }: Of<T, F, 'Redeemed' | 'LoggedIn'>,
  cell: Cell<T>,
): Result<T> => {
  const owes = owing(view, token, retryAt, cell)
  return O.isSome(owes)
    ? [{ serve: O.none, action: { _tag: 'DiscardAndRevoke', token } }, owes.value]
    : [{ serve: O.none, action: { _tag: 'Discard' } }, cell]
}

export const revocationRetried = <T, F>({ now, retryAt }: Of<T, F, 'RevocationRetried'>, cell: Cell<T>): Result<T> => {
  if (O.isNone(cell.owed)) return [NOTHING, cell]
  const { tokens, retryAt: due } = cell.owed.value
  const since = O.isSome(cell.owed.value.since) ? cell.owed.value.since.value : now
  const tried = between(since, now)
  const next = instant(Math.max(retryAt, plus(now, tried)))
  // A `due` later than `next` was written before a clock was set back.
  if (now < due && due <= next) return [NOTHING, cell]
  return [
    { serve: O.none, action: { _tag: 'RevokeAtServer', tokens } },
    {
      ...cell,
      owed: tried < REVOCATION_PATIENCE ? toOwed(tokens, { retryAt: next, since: O.some(since) }) : O.none,
    },
  ]
}

export const revocationConfirmed = <T, F>(view: View<T, F>, revoked: ReadonlyArray<F>, cell: Cell<T>): Cell<T> => {
  if (O.isNone(cell.owed)) return cell
  const { tokens } = cell.owed.value
  const left = tokens.filter((of) => !revoked.some((access) => view.equals(access, view.access(of))))
  return left.length === tokens.length ? cell : { ...cell, owed: toOwed(left, cell.owed.value) }
}
