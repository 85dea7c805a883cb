/** What a strategy answers, and when. */
import { type AuthError, type Duration, millis, type Strategy, type TokenSet } from '@tessera/core'
import { type ScriptedAnswer, scriptedStrategy } from '@tessera/testing'
import type { Either } from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { TestEnv } from './basics.js'

export type Use<A> = TaskEither<AuthError, A>

export const slowly =
  ({ clock }: TestEnv, ms: number) =>
  <A>(use: Use<A>): Use<A> =>
  async () => {
    await clock.sleep(millis(ms))()
    return use()
  }

export const later = (env: TestEnv, duration: Duration, answer: Either<AuthError, TokenSet>): ScriptedAnswer => {
  const answering = slowly(env, duration)(async () => answer)
  return () => answering
}

export const always = function* (answer: ScriptedAnswer): Generator<ScriptedAnswer> {
  for (;;) yield answer
}

export const never =
  <A>(): Use<A> =>
  () =>
    new Promise(() => undefined)

export const hanging: Strategy<unknown> = () => () => never()

/** A login that has these answers. */
export const logging = (...answers: ReadonlyArray<ScriptedAnswer>): Strategy<unknown> =>
  scriptedStrategy(answers).strategy

/** The mode of a model server whose refresh tokens are good for once, and that ends the session at a second use. */
export const strict = { _tag: 'Strict', killsFamily: true } as const
