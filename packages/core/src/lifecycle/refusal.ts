import * as O from 'fp-ts/lib/Option.js'
import { type Cell, NO_STATUS, type View } from './cell.js'
import type { Of } from './event.js'
import { afterAcceptance, afterRefusal, type Refusals } from './refusals.js'

export const refused = <T, F>(view: View<T, F>, event: Of<T, F, 'Refused'>, cell: Cell<T>): Cell<T> => {
  if (O.isNone(cell.token) || cell.refused || !view.equals(view.access(cell.token.value), event.access)) return cell
  const refusals = afterRefusal({ ...event, issuedAt: view.issuedAt(cell.token.value) }, cell.refusals)
  if (O.isNone(refusals)) return cell
  // The cool-down of a valid token's renewal may be long. It ends when the token is refused.
  return { ...cell, refused: true, refusals, status: cell.status._tag === 'CoolingDown' ? NO_STATUS : cell.status }
}

export const accepted = <T, F>(view: View<T, F>, { access }: Of<T, F, 'Accepted'>, cell: Cell<T>): Cell<T> => {
  if (!O.exists(({ count }: Refusals) => count > 0)(cell.refusals) || cell.refused) return cell
  if (O.isNone(cell.token) || !view.equals(view.access(cell.token.value), access)) return cell
  return { ...cell, refusals: afterAcceptance(cell.refusals) }
}
