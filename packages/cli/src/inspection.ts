/**
 * What is shown of a session: no secret.
 */
import type { Inspection } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import type { Colors } from './output.js'
import { printable } from './printable.js'

/** When something happens, as people say it: `14:32 (in 41 min)`. */
export const when = (at: number, now: number): string => {
  const minutes = Math.round((at - now) / 60_000)
  const time = new Date(at).toTimeString().slice(0, 5)
  const distance = Math.abs(minutes) < 120 ? `${Math.abs(minutes)} min` : `${Math.round(Math.abs(minutes) / 60)} h`
  return minutes < 0 ? `${time} (${distance} ago)` : `${time} (in ${distance})`
}

/** Until when its token is good, in words. */
export const validity = ({ state, expiresAt, renewsAt }: Inspection, now: number): string => {
  if (state === 'empty') return 'no token yet'
  if (state === 'revoked') return 'ended'
  if (O.isNone(expiresAt)) return 'expiry unknown: used until it is refused'
  const renewal = state === 'valid' && O.isSome(renewsAt) ? `, renews at about ${when(renewsAt.value, now)}` : ''
  return `access token until ${when(expiresAt.value, now)}${renewal}`
}

/** A line of a report on one thing. */
export const row =
  ({ dim }: Colors) =>
  (label: string, first: string, rest = ''): string =>
    `${dim(label.padEnd(10))}${first.padEnd(18)}${rest}`.trimEnd()

/** The lines that tell what is stored. */
export const inspectionRows = (colors: Colors, of: Inspection, now: number): ReadonlyArray<string> => {
  const line = row(colors)
  return [
    line('session', of.state, validity(of, now)),
    line('refresh', of.refreshToken ? 'held' : 'none', `epoch ${of.epoch}, generation ${of.generation}`),
    ...(of.scope.length > 0 ? [line('scope', printable(of.scope.join(' ')))] : []),
    ...(O.isSome(of.waitingUntil) ? [line('waiting', `until ${when(of.waitingUntil.value, now)}`)] : []),
  ]
}
