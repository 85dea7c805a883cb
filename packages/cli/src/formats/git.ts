/**
 * The protocol of git's credential helpers (git-credential(1), "INPUT/OUTPUT FORMAT").
 */
import { Secret, type TokenSet } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'

/** What git asks, or tells: its attributes. */
export type Attributes = ReadonlyMap<string, string>

/** The lines up to the first empty one. */
export const parseAttributes = (text: string): Attributes =>
  new Map(
    (text.split(/\n\n/)[0] ?? '').split('\n').flatMap((line) => {
      const at = line.indexOf('=')
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const]
    }),
  )

/** The origin that the credential is for; none where it is of no web server. */
export const originOf = (asked: Attributes): O.Option<string> => {
  const url = `${asked.get('protocol')}://${asked.get('host')}`
  return /^https?:/.test(url) && URL.canParse(url) ? O.some(new URL(url).origin) : O.none
}

/** Any user name goes with a token at GitHub; GitLab wants this one. */
const USERNAME = 'oauth2'

/** The credential: the token as the password, with its end where that is known. */
export const git = ({ accessToken, expiresAt }: TokenSet, asked: Attributes, username: string | undefined): string =>
  [
    `username=${username ?? asked.get('username') ?? USERNAME}`,
    `password=${Secret.open(accessToken)}`,
    ...(O.isSome(expiresAt) ? [`password_expiry_utc=${Math.floor(expiresAt.value / 1_000)}`] : []),
  ].join('\n')
