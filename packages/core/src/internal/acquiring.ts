import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as AuthError from '../AuthError.js'
import type { Secret } from '../Secret.js'
import type { TokenSet } from '../TokenSet.js'
import { isEither, soundly, unawaited } from './answers.js'
import { isCallable } from './shapes.js'
import { usableTokenSet, wholeTokenSet } from './tokenSetOf.js'

/** What a strategy is run for. */
export interface Acquiring {
  /** What errors call it: `strategy`, `login`. */
  readonly as: string
  /** It consumes nothing. What it acquired may be dropped then, and be acquired again. */
  readonly repeatable: boolean
  /** Those that it is given. */
  readonly secrets?: () => ReadonlyArray<Secret>
}

/**
 * Runs a strategy of the application's, and is the one place where its answer is taken in. What it throws is an unknown outcome. What
 * its type forbids is `Malformed`, and says what and where; only where its grant may be spent, a token is kept for the sake of what is
 * right of it. It never rejects.
 */
export const acquiring =
  <Attempt, R>(
    strategyOf: () => (attempt: Attempt) => ReaderTaskEither<R, AuthError.AuthError, TokenSet>,
    attempt: Attempt,
    env: R,
    { as, repeatable, secrets = () => [] }: Acquiring,
  ): TaskEither<AuthError.AuthError, TokenSet> =>
  async () => {
    const wrong = (path: string, expected: string): AuthError.AuthError =>
      AuthError.malformed({ what: `answer of the ${as}`, path, expected, repeatable })
    try {
      let value: unknown = strategyOf()
      for (const given of [attempt, env, undefined]) {
        if (!isCallable(value)) {
          unawaited(value)
          return E.left(wrong('it', 'a function, as of a strategy: (attempt) => (env) => async () => …'))
        }
        value = value(given)
      }
      const answer: unknown = await value
      if (!isEither(answer)) return E.left(wrong('it', 'an Either'))
      const sound = soundly(answer, () => wrong('left', 'an AuthError'), secrets)
      if (E.isLeft(sound)) return sound
      const token = repeatable ? wholeTokenSet(sound.right) : usableTokenSet(sound.right)
      if (E.isRight(token)) return token
      const { path, expected } = token.left
      return E.left(wrong(path === 'it' ? 'right' : path, expected))
    } catch (error) {
      const unknown = (threw: string): AuthError.AuthError =>
        AuthError.outcomeUnknown({ url: as, reason: `it ${threw}`, answer: O.none, repeatable })
      return E.left(AuthError.fromThrown(error, unknown, secrets()))
    }
  }
