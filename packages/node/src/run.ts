/**
 * The edge to promises.
 *
 * @packageDocumentation
 */
import { AuthError } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import type { IOEither } from 'fp-ts/lib/IOEither.js'
import type { Reader } from 'fp-ts/lib/Reader.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'

const wrong = (field: string, message: string): Error => AuthError.toError(AuthError.misconfigured(field, message))

const noEnv = (): Error => wrong('run.env', 'the effect asks for an environment: run(effect, nodeEnv())')

/**
 * Runs an effect. The promise rejects with an `Error` that carries the typed error as `error`; see {@link AuthError.isException}.
 * A `ReaderTaskEither` or `ReaderIOEither` is run in the environment that is given.
 *
 * @example
 * import { AuthError, remoteCallback, Strategy, seconds } from '@tessera/core'
 * import { nodeEnv, run } from '@tessera/node'
 * import * as TE from 'fp-ts/lib/TaskEither.js'
 *
 * const token = Strategy.once(seconds(30))(remoteCallback(() => 'abc'))
 * void run(token, nodeEnv()).then(({ tokenType }) => assert.strictEqual(tokenType, 'bearer'))
 * void run(TE.left(AuthError.closed)).catch((error) => assert.strictEqual(error.error._tag, 'Closed'))
 */
export function run<A>(effect: TaskEither<AuthError, A> | IOEither<AuthError, A>): Promise<A>
export function run<R, A>(effect: Reader<R, TaskEither<AuthError, A> | IOEither<AuthError, A>>, env: R): Promise<A>
export async function run<R, A>(
  effect:
    | TaskEither<AuthError, A>
    | IOEither<AuthError, A>
    | Reader<R | undefined, TaskEither<AuthError, A> | IOEither<AuthError, A>>,
  env?: R,
): Promise<A> {
  if (typeof effect !== 'function') throw wrong('run.effect', 'it is no effect: a TaskEither, or a Reader of one')
  // A task takes nothing; not every Reader says that it takes something.
  if (env === undefined && effect.length > 0) throw noEnv()
  const given = effect(env)
  if (env === undefined && typeof given === 'function') throw noEnv()
  const result = await (typeof given === 'function' ? given() : given)
  if (E.isRight(result)) return result.right
  throw AuthError.toError(result.left)
}
