import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Command } from '../invocation.js'
import { withSession } from '../session.js'

/** Ends the session for everybody who shares it, then at the server. */
export const revoke: Command<Record<string, never>> = (invocation) =>
  withSession(invocation, 'revoke', ({ source, limits, problem, profile }) =>
    pipe(
      () => invocation.output.during('waiting for the revocation', source.within(limits).revoke()),
      TE.bimap(
        (error) => problem(error, 'the revocation'),
        (outcome) => {
          invocation.output.result(undefined, { profile: profile.name, outcome })
          invocation.output.say(
            outcome === 'revoked'
              ? `the session of profile ${profile.name} is revoked, here and at the server`
              : `there was no session of profile ${profile.name} to revoke`,
          )
        },
      ),
    ),
  )
