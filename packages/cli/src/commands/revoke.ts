import type { AuthError, Inspection } from '@tessera/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Command, Invocation } from '../invocation.js'
import { look } from '../onlooker.js'
import { hostOf } from '../provider.js'
import { type Session, withSession } from '../session.js'

const hasTokens = ({ state, refreshToken }: Inspection): boolean =>
  refreshToken || state === 'valid' || state === 'expired'

/** The session as it is before it ends, where the server cannot end it. */
const unrevocable = (
  invocation: Invocation,
  { client, sessions, source }: Session,
): TE.TaskEither<AuthError, O.Option<Inspection>> =>
  O.isSome(client.server.revocationEndpoint)
    ? TE.right(O.none)
    : pipe(
        () => invocation.output.during('reading the store', look(invocation, sessions.store, source.key)()),
        TE.map(O.some),
      )

/** What became of a session that only this side knows to be ended. */
const forgotten = ({ profile }: Session, before: O.Option<Inspection>): string =>
  O.exists(hasTokens)(before)
    ? `the session of profile ${profile.name} is forgotten here; ${hostOf(profile.provider)} has no revocation endpoint, so its tokens stay alive there until they end`
    : `there was no session of profile ${profile.name} to revoke`

/** Ends the session for everybody who shares it, then at the server. */
export const revoke: Command<Record<string, never>> = (invocation) =>
  withSession(invocation, 'revoke', (session) => {
    const { source, limits, problem, profile } = session
    return pipe(
      unrevocable(invocation, session),
      TE.bindTo('before'),
      TE.bind(
        'outcome',
        () => () => invocation.output.during('waiting for the revocation', source.within(limits).revoke()),
      ),
      TE.bimap(
        (error) => problem(error, 'the revocation'),
        ({ before, outcome }) => {
          invocation.output.result(undefined, { profile: profile.name, outcome })
          invocation.output.say(
            outcome === 'revoked'
              ? `the session of profile ${profile.name} is revoked, here and at the server`
              : forgotten(session, before),
          )
        },
      ),
    )
  })
