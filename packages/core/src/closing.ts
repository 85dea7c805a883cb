/**
 * Using a source as a resource.
 *
 * @packageDocumentation
 */
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as AuthError from './AuthError.js'
import type { CloseOptions, TokenSource } from './TokenSource.js'

/** What is looked at when {@link closing} ends. */
export interface ClosingOptions extends CloseOptions {
  /** An interruption: the source is closed at once, without a revoke. */
  readonly signal?: AbortSignal
}

/**
 * Uses a source and closes it, whatever happens. It may not be entered when the source is closed; an error of the use wins
 * over one of the close.
 *
 * @example
 * import { memoryStore, remoteCallback, TokenSource } from '@tessera/core'
 * import { openSource } from '@tessera/node'
 * import { pipe } from 'fp-ts/lib/function.js'
 *
 * const source = openSource(pipe(remoteCallback(() => 'abc'), TokenSource.make({ store: memoryStore() })))
 * const used = pipe(source, TokenSource.closing((open) => open.get))
 * void used().then(() => assert.strictEqual(source.closed(), true))
 */
export const closing =
  <Error, A>(use: (source: TokenSource) => TaskEither<Error, A>, options: ClosingOptions = {}) =>
  (source: TokenSource): TaskEither<Error | AuthError.AuthError, A> =>
  async () => {
    if (source.closed()) return E.left(AuthError.closed)
    const { signal, ...given } = options
    if (signal?.aborted) {
      await source.close({ revoke: false })()
      return E.left(AuthError.aborted)
    }
    // At once: what the use still asks of the source fails, so that it comes to its end.
    const interrupt = (): void => void source.close({ revoke: false })()
    signal?.addEventListener('abort', interrupt, { once: true })
    try {
      const result: E.Either<Error | AuthError.AuthError, A> = await use(source)()
      const closedThen = await source.close(signal?.aborted ? { revoke: false } : given)()
      return E.isLeft(result) || E.isRight(closedThen) ? result : closedThen
    } finally {
      signal?.removeEventListener('abort', interrupt)
      // A use that throws against its type still leaves the source closed.
      if (!source.closed()) await source.close({ revoke: false })()
    }
  }
