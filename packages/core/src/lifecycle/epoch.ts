import * as O from 'fp-ts/lib/Option.js'
import { type Cell, NO_STATUS, type View } from './cell.js'
import { AGAIN, type Decision, type Result } from './decision.js'
import type { Of } from './event.js'
import { discarded, holding, newlyOwed, owedBy, owing } from './owed.js'
import { isEpochOf, isOrigin } from './place.js'

export const loggedIn = <T, F>(view: View<T, F>, event: Of<T, F, 'LoggedIn'>, cell: Cell<T>): Result<T> => {
  const { from, nonce, token } = event
  if (isEpochOf(from, cell)) {
    const next: Cell<T> = {
      ...holding(view, token, cell),
      epoch: cell.epoch + 1,
      generation: cell.generation + 1,
      origin: O.some(nonce),
      refused: false,
      refusals: O.none,
      lease: O.none,
      status: NO_STATUS,
    }
    // A grant that the server has rejected need not be revoked.
    const replaced = cell.status._tag === 'LogInAgain' ? O.none : cell.token
    const owes = O.isSome(replaced) ? owing(view, replaced.value, event.retryAt, next) : O.none
    const serve = O.some(token)
    return O.isSome(replaced) && O.isSome(owes)
      ? [{ serve, action: { _tag: 'RevokeAtServer', tokens: [replaced.value] } }, owes.value]
      : [{ serve, action: { _tag: 'None' } }, next]
  }
  if (isOrigin(nonce, cell)) return [AGAIN, cell]
  return discarded(view, event, cell)
}

export const revokeAsked = <T, F>({ from, nonce, retryAt }: Of<T, F, 'RevokeAsked'>, cell: Cell<T>): Result<T> => {
  const tokens = [...owedBy(cell), ...(O.isSome(cell.token) ? [cell.token.value] : [])]
  const decision: Decision<T> = { serve: O.none, action: { _tag: 'RevokeAtServer', tokens } }
  // Even if there is no token, or already a tombstone: a login that began earlier must find a new epoch.
  if (isEpochOf(from, cell)) {
    return [
      decision,
      {
        ...cell,
        epoch: cell.epoch + 1,
        origin: O.some(nonce),
        token: O.none,
        refused: false,
        refusals: O.none,
        lease: O.none,
        status: { _tag: 'Revoked' },
        owed: O.isSome(retryAt) ? newlyOwed(tokens, retryAt.value) : O.none,
      },
    ]
  }
  // An earlier try of this write succeeded, or another login or revoke was first: the tokens to revoke are owed already. Without
  // `retryAt`, a tombstone must owe nothing, no matter which revoke wrote it.
  const isForgotten = O.isNone(retryAt) && cell.status._tag === 'Revoked' && O.isSome(cell.owed)
  return [
    { serve: O.none, action: { _tag: 'RevokeAtServer', tokens: owedBy(cell) } },
    isForgotten ? { ...cell, owed: O.none } : cell,
  ]
}
