/**
 * The edge to promises.
 *
 * @packageDocumentation
 */
import { AuthError } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import type { IOEither } from 'fp-ts/lib/IOEither.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'

/**
 * Runs a task. The promise rejects with an `Error` that carries the typed error as `error`; see {@link AuthError.isException}.
 *
 * @example
 * import { AuthError } from '@tessera/core'
 * import { run } from '@tessera/node'
 * import * as TE from 'fp-ts/lib/TaskEither.js'
 *
 * void run(TE.right(1)).then((one) => assert.strictEqual(one, 1))
 * void run(TE.left(AuthError.closed)).catch((error) => assert.strictEqual(error.error._tag, 'Closed'))
 */
export const run = async <A>(task: TaskEither<AuthError, A> | IOEither<AuthError, A>): Promise<A> => {
  const result = await task()
  if (E.isRight(result)) return result.right
  throw AuthError.toError(result.left)
}
