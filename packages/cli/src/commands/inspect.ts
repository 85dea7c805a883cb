import { type Inspection, inspectionJson } from '@tessera/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { inspectionRows, row } from '../inspection.js'
import type { Command } from '../invocation.js'
import { look } from '../onlooker.js'
import { showPrincipal } from '../principal.js'
import { type Session, withSession } from '../session.js'

const toJson = ({ profile, client, sessions }: Session, file: O.Option<string>, of: Inspection) => ({
  profile: profile.name,
  as: showPrincipal(profile.principal),
  server: client.server.tokenEndpoint,
  store: sessions.kind,
  place: sessions.place,
  file: O.toNullable(file),
  ...inspectionJson(of),
})

/** Shows what is stored and when it renews; no secret. */
export const inspect: Command<Record<string, never>> = (invocation) =>
  withSession(invocation, 'inspect', (session) => {
    const { source, env, profile, client, sessions } = session
    const { output } = invocation
    return pipe(
      () => output.during('reading the store', look(invocation, sessions.store, source.key)()),
      TE.bindTo('of'),
      TE.bind('file', () => TE.fromTask(session.file)),
      TE.bimap(
        (error) => session.problem(error),
        ({ of, file }) => {
          const line = row(output.reportColors)
          const text = [
            line('profile', profile.name, `as ${showPrincipal(profile.principal)} at ${client.server.tokenEndpoint}`),
            line('store', sessions.kind, O.getOrElse(() => sessions.place)(file)),
            ...inspectionRows(output.reportColors, of, env.clock.now()),
          ]
          output.result(text.join('\n'), toJson(session, file, of))
        },
      ),
    )
  })
