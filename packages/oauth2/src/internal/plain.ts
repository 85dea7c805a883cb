import type { Strategy } from '@tessera/core'

/** A strategy without traits, marked as one all the same: who gives it where a function of a key is due is told so. */
export const plain = <R>(acquire: Strategy<R>): Strategy<R> => Object.assign(acquire, { traits: {} })
