import type { Inspection } from '@tessera/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { statePaths } from '../folders.js'
import type { Command } from '../invocation.js'
import { showPrincipal } from '../principal.js'
import { printable } from '../printable.js'
import { type Session, when, withSession } from '../session.js'
import { KIND } from '../sessionStore.js'

const validity = ({ state, expiresAt, renewsAt }: Inspection, now: number): string => {
  if (state === 'empty') return 'no token yet'
  if (state === 'revoked') return 'ended here and at the server'
  if (O.isNone(expiresAt)) return 'expiry unknown: used until it is refused'
  const renewal = state === 'valid' && O.isSome(renewsAt) ? `, renews at about ${when(renewsAt.value, now)}` : ''
  return `access token until ${when(expiresAt.value, now)}${renewal}`
}

const iso = (at: O.Option<number>): string | null =>
  pipe(
    at,
    O.map((value) => new Date(value).toISOString()),
    O.toNullable,
  )

const toJson = ({ profile, client }: Session, file: O.Option<string>, of: Inspection) => ({
  profile: profile.name,
  as: showPrincipal(profile.principal),
  server: client.server.tokenEndpoint,
  store: KIND,
  file: O.toNullable(file),
  state: of.state,
  expires_at: iso(of.expiresAt),
  renews_at: iso(of.renewsAt),
  refresh_token: of.refreshToken,
  epoch: of.epoch,
  generation: of.generation,
  scope: of.scope,
  waiting_until: iso(of.waitingUntil),
})

/** Shows what is stored and when it renews; no secret. */
export const inspect: Command<Record<string, never>> = (invocation) =>
  withSession(invocation, 'inspect', (session) => {
    const { source, limits, env, profile, client } = session
    const { output } = invocation
    const row = (label: string, first: string, rest: string): void =>
      output.tell(`${output.colors.dim(label.padEnd(10))}${first.padEnd(18)}${rest}`.trimEnd())
    return pipe(
      source.within(limits).inspect,
      TE.bindTo('of'),
      TE.bind('file', () => TE.fromTask(session.file)),
      TE.bimap(
        (error) => session.problem(error),
        ({ of, file }) => {
          const now = env.clock.now()
          output.result(undefined, toJson(session, file, of))
          if (invocation.shared.json === true) return
          row('profile', profile.name, `as ${showPrincipal(profile.principal)} at ${client.server.tokenEndpoint}`)
          row('store', KIND, O.getOrElse(() => statePaths(invocation.variables).sessions)(file))
          row('session', of.state, validity(of, now))
          row('refresh', of.refreshToken ? 'held' : 'none', `epoch ${of.epoch}, generation ${of.generation}`)
          if (of.scope.length > 0) row('scope', printable(of.scope.join(' ')), '')
          if (O.isSome(of.waitingUntil)) row('waiting', `until ${when(of.waitingUntil.value, now)}`, '')
        },
      ),
    )
  })
