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
 * import { memoryStore, remoteCallback, TokenSource } from '@tessera/core'
 * import { accessToken, nodeEnv, openSource } from '@tessera/node'
 * import { pipe } from 'fp-ts/lib/function.js'
 *
 * const service = pipe(remoteCallback(() => 'abc'), TokenSource.make({ store: memoryStore() }))
 * void accessToken(openSource(service)).then((token) => assert.strictEqual(token, 'abc'))
 * void accessToken(openSource(service, nodeEnv())).then((token) => assert.strictEqual(token, 'abc'))
 */
export function openSource<A>(source: ReaderIO<NodeEnv, A>): A
export function openSource<R, A>(source: ReaderIO<R, A>, env: R): A
export function openSource<A>(source: ReaderIO<NodeEnv, A>, env: NodeEnv = nodeEnv()): A {
  return source(env)()
}
