import { Secret, type TokenSet } from '@tessera/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Command } from '../invocation.js'
import { withSession } from '../session.js'

/** A token as an object. Here, and on no other way, it is opened. */
export const tokenJson = (token: TokenSet) => ({
  access_token: Secret.open(token.accessToken),
  token_type: token.tokenType,
  expires_at: pipe(
    token.expiresAt,
    O.map((at) => new Date(at).toISOString()),
    O.toNullable,
  ),
  scope: token.scope,
})

/** Prints a token that is valid now, and nothing else. */
export const token: Command<Record<string, never>> = (invocation) =>
  withSession(invocation, 'token', ({ source, limits, problem, profile }) =>
    pipe(
      () => invocation.output.during(`waiting for a token (profile ${profile.name})`, source.within(limits).get()),
      TE.bimap(
        (error) => problem(error),
        (got) => invocation.output.result(Secret.open(got.accessToken), tokenJson(got)),
      ),
    ),
  )
