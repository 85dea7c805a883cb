import { type Lifecycle, Secret, type TokenSet } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'

export type Cell = Lifecycle.Cell<TokenSet>

export const accessOf = ({ token }: Cell): string | undefined =>
  O.isSome(token) ? Secret.open(token.value.accessToken) : undefined

export const refreshOf = ({ token }: Cell): Secret | undefined =>
  O.isSome(token) ? O.toUndefined(token.value.refreshToken) : undefined

export const placeOf = ({ epoch, generation }: Cell): string => `epoch ${epoch}, generation ${generation}`

/** A cell in one line. The tokens of the model are its own, so that they may be read. */
export const showCell = (cell: Cell): string =>
  [
    placeOf(cell),
    `${accessOf(cell) ?? 'no token'}${cell.refused ? ' (refused)' : ''}`,
    ...(O.isSome(cell.lease) ? [cell.lease.value.recovery ? 'a lease to recover' : 'a lease'] : []),
    ...(cell.status._tag === 'None' ? [] : [cell.status._tag]),
  ].join(', ')
