/**
 * A source in the live environment.
 *
 * @packageDocumentation
 */
import type { ReaderIO } from 'fp-ts/lib/ReaderIO.js'
import { type NodeEnv, nodeEnv } from './nodeEnv.js'

/**
 * Gives a source its environment: the one place where a description meets a clock, a network and randomness. An environment
 * that is given can be shared among sources, and closed; the default is one of its own, which keeps nothing alive.
 *
 * @example
 * import { openSource } from '@tessera/node'
 *
 * const now = openSource(({ clock }) => clock.now)
 * assert.ok(now > 0)
 */
export const openSource = <A>(source: ReaderIO<NodeEnv, A>, env: NodeEnv = nodeEnv()): A => source(env)()
