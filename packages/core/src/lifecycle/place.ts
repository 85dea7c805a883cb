import * as O from 'fp-ts/lib/Option.js'
import type { Cell, Nonce, Place } from './cell.js'
import type { Parent } from './event.js'

/**
 * The place where a login or a revoke begins. It opens a new epoch only if the cell is still in this one.
 *
 * @example
 * import { Lifecycle } from '@tessera/core'
 * import * as O from 'fp-ts/lib/Option.js'
 *
 * assert.deepStrictEqual(Lifecycle.placeOf(Lifecycle.empty), { epoch: 0, origin: O.none })
 */
export const placeOf = <T>({ epoch, origin }: Cell<T>): Place => ({ epoch, origin })

export const parentOf = <T>(cell: Cell<T>): Parent => ({
  epoch: cell.epoch,
  origin: cell.origin,
  generation: cell.generation,
})

/** An epoch without an origin (the first one, or an older version's) is compared by its number alone. */
export const isEpochOf = <T>({ epoch, origin }: Place, cell: Cell<T>): boolean =>
  cell.epoch === epoch && (O.isNone(origin) || O.isNone(cell.origin) || isOrigin(origin.value, cell))

export const isParent = <T>(parent: Parent, cell: Cell<T>): boolean =>
  isEpochOf(parent, cell) && cell.generation === parent.generation

/** Whether this login or revoke, by its nonce, opened the epoch of a cell. */
export const isOrigin = <T>(nonce: Nonce, cell: Cell<T>): boolean =>
  O.isSome(cell.origin) && cell.origin.value === nonce
