import { AuthError, raised } from '@tessera/core'

/**
 * The most connections to one origin, where nobody says another number: an eighth of the 1,024 descriptors that a process may have on
 * many systems. At an answer in 100 ms, so many renew 1,280 tokens a second.
 */
const CONNECTIONS = 128

/** @throws A typed error when it is no number of connections. */
export const boundOf = (connections = CONNECTIONS): number =>
  connections === Number.POSITIVE_INFINITY || (Number.isSafeInteger(connections) && connections > 0)
    ? connections
    : raised(AuthError.misconfigured('connections', 'is no whole number from 1, nor Infinity'))
