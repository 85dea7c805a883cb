import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as AuthError from '../AuthError.js'
import { race } from '../race.js'
import { type Duration, millis, plus } from '../Time.js'
import type { TokenSet } from '../TokenSet.js'
import type { Revocation, Revoker, SourceEnv } from '../TokenSource.js'
import { called } from './answers.js'
import { guard } from './guard.js'
import { secretsOf } from './secrets.js'

/** The pauses before the tries to revoke a token that nobody holds. */
const PAUSES = [0, 1_000, 2_000]

/** Ends tokens at the server. */
export interface Revoking {
  readonly revoke: (token: TokenSet) => Promise<E.Either<AuthError.AuthError, Revocation>>
  /**
   * Of a token that nobody holds, and which must not stay alive: tried again, and each time only where `may` still says so. Tells whether
   * it was revoked.
   */
  readonly discard: (token: TokenSet, may: () => Promise<boolean>) => Promise<boolean>
}

export const makeRevoking = <R>(
  revocation: Revoker<R> | undefined,
  timeout: Duration,
  env: R & SourceEnv,
): Revoking => {
  const { clock } = env

  const revoke: Revoking['revoke'] = async (token) => {
    if (revocation === undefined) return E.right('local')
    const limits = { deadline: plus(clock.now(), timeout), signal: new AbortController().signal }
    const unknown = (reason: string): AuthError.AuthError =>
      AuthError.outcomeUnknown({ url: 'revocation', reason, answer: O.none, repeatable: true })
    const late = unknown('it did not settle')
    const done = await race(
      clock,
      limits,
      late,
      late,
      guard(
        (threw) => unknown(`it ${threw}`),
        () => called(called(called(revocation, token), limits), env),
        () => secretsOf(token),
      ),
    )()
    return pipe(
      done,
      E.orElse((error) => (AuthError.isUnknownToken(error) ? E.right(undefined) : E.left(error))),
      E.map((): Revocation => 'revoked'),
    )
  }

  const discard: Revoking['discard'] = async (token, may) => {
    for (const pause of PAUSES) {
      if (pause > 0) await clock.sleep(millis(pause))()
      if (!(await may())) return false
      const revoked = await revoke(token)
      if (E.isRight(revoked)) return revoked.right === 'revoked'
    }
    return false
  }

  return { revoke, discard }
}
