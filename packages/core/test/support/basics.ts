import {
  AuthError,
  type ClockEnv,
  type Instant,
  instant,
  type RandomEnv,
  Secret,
  type ServerAnswer,
  TokenSet,
} from '@tessera/core'
import { type TestClock, testClock, testRandom } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'

export const START: Instant = instant(1e12)

export interface TestEnv extends ClockEnv, RandomEnv {
  readonly clock: TestClock
}

export const testEnv = (seed = 1): TestEnv => ({ clock: testClock({ start: START }), random: testRandom(seed) })

export const access = (text: string): Secret<'AccessToken'> => Secret.make('AccessToken', text)

export const token = (text: string, known: Partial<TokenSet> = {}): TokenSet => TokenSet.make(access(text), known)

/** What an access token is, or why there is none. */
export const textOf = (result: E.Either<AuthError, TokenSet>): string =>
  E.isRight(result) ? Secret.open(result.right.accessToken) : `no token: ${AuthError.show.show(result.left)}`

export const right = <Error, A>(result: E.Either<Error, A>): A => {
  if (E.isLeft(result)) throw new Error(`unexpected ${JSON.stringify(result.left)}`)
  return result.right
}

export const left = <Error, A>(result: E.Either<Error, A>): Error => {
  if (E.isRight(result)) throw new Error('unexpected success')
  return result.left
}

export const tagOf = (result: E.Either<AuthError, unknown>): string => (E.isLeft(result) ? result.left._tag : 'Right')

export const serverAnswer = (status: number, known: Partial<ServerAnswer> = {}): ServerAnswer => ({
  method: 'POST',
  url: 'https://server.example/token',
  status,
  error: O.none,
  description: O.none,
  requestId: O.none,
  date: O.none,
  retryAfter: O.none,
  ...known,
})

export const rejected = (status: number, known: Partial<ServerAnswer> = {}): AuthError =>
  AuthError.rejected(serverAnswer(status, known))

export const outcomeUnknown = (repeatable: boolean): AuthError =>
  AuthError.outcomeUnknown({ url: 'https://server.example/token', reason: 'reset', answer: O.none, repeatable })

/** So many turns of the event loop that all goes on that can. */
export const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
}
