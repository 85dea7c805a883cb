import type { AuthError, Key } from '@tessera/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Revocable } from '../WebSession.js'
import { attempt } from './attempt.js'
import type { Context } from './context.js'
import type { Kept } from './records.js'

/** Ends sessions of a person. */
export const endingOf =
  <C extends Revocable>({ records, tell }: Context<C>) =>
  (user: Key, which: (kept: Kept) => boolean): TE.TaskEither<AuthError, unknown> =>
    pipe(
      records.end(user, which),
      TE.tapIO(() => () => tell({ _tag: 'LoggedOut', user })),
    )

/** With the last session the tokens go, unless they are kept. It is counted now: the person may have logged in again meanwhile. */
export const revokingOf =
  <C extends Revocable>({ options: { users, keepTokens = false }, records }: Context<C>) =>
  (user: Key): TE.TaskEither<AuthError, unknown> =>
    keepTokens
      ? TE.right(undefined)
      : pipe(
          records.count(user),
          TE.flatMap((left) => (left > 0 ? TE.right(undefined) : attempt('users.for', () => users.for(user).revoke()))),
        )

/** What comes beside the rest: that it fails changes nothing of that. */
export const beside = <C extends Revocable, A>(
  { tell }: Context<C>,
  effect: TE.TaskEither<AuthError, A>,
  otherwise: A,
): TE.TaskEither<never, A> =>
  pipe(
    effect,
    TE.orElse((error) => {
      tell({ _tag: 'Failed', error })
      return TE.right(otherwise)
    }),
  )
