import type { Inspection } from '@tessera/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { inspectionJson, validity, when } from '../inspection.js'
import type { Command } from '../invocation.js'
import type { Output } from '../output.js'
import { showPrincipal } from '../principal.js'
import { printable } from '../printable.js'
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

/** A line of what is told of one session. */
export const tellRow =
  ({ tell, colors }: Output) =>
  (label: string, first: string, rest = ''): void =>
    tell(`${colors.dim(label.padEnd(10))}${first.padEnd(18)}${rest}`.trimEnd())

/** The lines that tell what is stored. */
export const tellInspection = (output: Output, of: Inspection, now: number): void => {
  const row = tellRow(output)
  row('session', of.state, validity(of, now))
  row('refresh', of.refreshToken ? 'held' : 'none', `epoch ${of.epoch}, generation ${of.generation}`)
  if (of.scope.length > 0) row('scope', printable(of.scope.join(' ')))
  if (O.isSome(of.waitingUntil)) row('waiting', `until ${when(of.waitingUntil.value, now)}`)
}

/** Shows what is stored and when it renews; no secret. */
export const inspect: Command<Record<string, never>> = (invocation) =>
  withSession(invocation, 'inspect', (session) => {
    const { source, limits, env, profile, client, sessions } = session
    const { output } = invocation
    return pipe(
      source.within(limits).inspect,
      TE.bindTo('of'),
      TE.bind('file', () => TE.fromTask(session.file)),
      TE.bimap(
        (error) => session.problem(error),
        ({ of, file }) => {
          output.result(undefined, toJson(session, file, of))
          if (invocation.shared.json === true) return
          const row = tellRow(output)
          row('profile', profile.name, `as ${showPrincipal(profile.principal)} at ${client.server.tokenEndpoint}`)
          row('store', sessions.kind, O.getOrElse(() => sessions.place)(file))
          tellInspection(output, of, env.clock.now())
        },
      ),
    )
  })
