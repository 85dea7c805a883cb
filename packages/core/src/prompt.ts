/**
 * Asking a person: the capability, and the strategy that asks for a token, such as a developer token.
 *
 * @packageDocumentation
 */

import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as AuthError from './AuthError.js'
import type { ClockEnv } from './Clock.js'
import * as Secret from './Secret.js'
import * as Strategy from './Strategy.js'
import { type Duration, type Instant, plus } from './Time.js'
import * as TokenSet from './TokenSet.js'

/** A question to a person. What is typed is a secret and is not echoed. */
export interface Question {
  readonly message: string
  readonly deadline: Instant
  readonly signal: AbortSignal
}

/** Asks a person and waits for the answer. */
export interface Prompt {
  readonly ask: (question: Question) => TE.TaskEither<AuthError.AuthError, Secret.Secret<'Answer'>>
}

/** The slice of an environment that can ask a person. */
export interface PromptEnv {
  readonly prompt: Prompt
}

/** The parameters of {@link prompt}. */
export interface PromptOptions {
  readonly message: string
  /** How long such a token lives, in ms, where that is known: 60 minutes for Box's developer tokens. */
  readonly lifetime?: Duration
}

/**
 * Asks at each renewal, and only then. An empty answer is {@link AuthError.NotApplicable}.
 *
 * @example
 * import { prompt, minutes } from '@tessera/core'
 *
 * const developerToken = prompt({ message: 'Enter developer token: ', lifetime: minutes(60) })
 * assert.strictEqual(developerToken.traits?.interactive, true)
 */
export const prompt = ({ message, lifetime }: PromptOptions): Strategy.Strategy<PromptEnv & ClockEnv> =>
  Strategy.make(
    { interactive: true },
    ({ deadline, signal }) =>
      ({ prompt: { ask }, clock }) =>
        pipe(
          ask({ message, deadline, signal }),
          TE.map((answer) => Secret.open(answer).trim()),
          TE.filterOrElse(
            (typed) => typed !== '',
            () => AuthError.notApplicable('no token was typed'),
          ),
          TE.map((typed) => {
            const now = clock.now()
            return TokenSet.make(Secret.make('AccessToken', typed), {
              issuedAt: O.some(now),
              expiresAt: lifetime === undefined ? O.none : O.some(plus(now, lifetime)),
            })
          }),
        ),
  )
