/**
 * Opening a source.
 *
 * @packageDocumentation
 */
import type { ReaderIO } from 'fp-ts/lib/ReaderIO.js'
import { expectStore, expectStrategy } from './internal/expected.js'
import type { Strategy } from './Strategy.js'
import { makeSession } from './session/session.js'
import type { SourceConfig, SourceEnv, TokenSource } from './TokenSource.js'

/**
 * Opens a source over a strategy and a store. Building it allocates its state and does nothing else: the first token is
 * acquired by the first `get`.
 *
 * @throws A {@link AuthError.toError | typed error} where the store or the strategy is none, from JavaScript.
 *
 * @example
 * import { memoryStore, remoteCallback, TokenSource } from '@tessera/core'
 * import { openSource } from '@tessera/node'
 * import { pipe } from 'fp-ts/lib/function.js'
 *
 * const source = openSource(
 *   pipe(
 *     remoteCallback(() => 'abc'),
 *     TokenSource.make({ store: memoryStore() }),
 *   ),
 * )
 * void source.get().then((token) => assert.strictEqual(token._tag, 'Right'))
 */
export const make = <R = unknown>(
  config: SourceConfig<R>,
): (<S>(strategy: Strategy<S>) => ReaderIO<R & S & SourceEnv, TokenSource>) => {
  expectStore('TokenSource.make', config)
  return <S>(strategy: Strategy<S>) => {
    expectStrategy('TokenSource.make', strategy)
    return (env: R & S & SourceEnv) => () => makeSession<R & S>(config, strategy, env).source
  }
}
