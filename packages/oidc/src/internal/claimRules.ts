import { AuthError, type Duration, type Instant, instant, plus, Secret } from '@tessera/core'
import type { Claims, Digest, ProviderClaims } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { SigningAlgorithm } from '../Keys.js'
import { halfHash } from './halfHash.js'

/** What does not hold: the claim, and what it had to be. Undefined where it does. */
export type Fault = readonly [path: string, expected: string] | undefined

/** Of the first rule that does not hold. */
export const firstFault = (what: string, faults: Iterable<Fault>): E.Either<AuthError, unknown> => {
  for (const fault of faults) {
    if (fault !== undefined) return E.left(AuthError.malformed({ what, path: fault[0], expected: fault[1] }))
  }
  return E.right(undefined)
}

/** At most 255 ASCII characters (OpenID Connect Core §2). */
export const subject = (sub: unknown): Fault =>
  typeof sub === 'string' && /^[\x20-\x7e]{1,255}$/.test(sub)
    ? undefined
    : ['sub', 'a text of 1 to 255 ASCII characters']

/** In seconds since the Unix epoch, and not yet to come. */
export const past = (claim: string, value: unknown, now: Instant, tolerance: Duration): Fault => {
  if (value === undefined) return undefined
  if (typeof value !== 'number' || !Number.isFinite(value)) return [claim, 'a number of seconds']
  return instant(value * 1_000) > plus(now, tolerance) ? [claim, 'in the past, by the clock here'] : undefined
}

/** When the person was asked who it is (OpenID Connect Core §2), where that must not be longer ago. */
export const authTime = (
  { auth_time: at }: ProviderClaims,
  maxAge: Duration | undefined,
  now: Instant,
  tolerance: Duration,
): Fault => {
  if (maxAge === undefined) return undefined
  if (typeof at !== 'number') return ['auth_time', 'there, although the login asked for max_age']
  return plus(plus(instant(at * 1_000), maxAge), tolerance) < now
    ? ['auth_time', `at most ${maxAge / 1_000} s ago: log in again`]
    : undefined
}

/** Of the provider's word that a session has ended (OpenID Connect Back-Channel Logout 1.0 §2.4). */
export const LOGOUT = 'http://schemas.openid.net/event/backchannel-logout'

/** A logout token without a nonce and with a `sub` has all that an ID token has. */
export const noLogout = ({ events }: Claims): Fault =>
  typeof events === 'object' && events !== null && LOGOUT in events
    ? ['events', 'absent, or without a logout: it is a logout token']
    : undefined

/** How the person was asked (OpenID Connect Core §2). */
export const acr = (claims: ProviderClaims, accepted: ReadonlyArray<string> | undefined): Fault =>
  accepted === undefined || accepted.some((each) => each === claims['acr'])
    ? undefined
    : ['acr', `one of ${accepted.join(', ')}`]

/** A claim that ties the token to something else that came with it, if the claim is there. */
export const bound =
  (digest: Digest, algorithm: SigningAlgorithm) =>
  (claims: ProviderClaims, claim: 'at_hash' | 'c_hash', to: Secret | undefined): E.Either<AuthError, Fault> =>
    to === undefined || claims[claim] === undefined
      ? E.right(undefined)
      : pipe(
          halfHash(digest, algorithm, Secret.open(to)),
          E.map((hash) =>
            hash === claims[claim]
              ? undefined
              : [claim, `of the ${claim === 'at_hash' ? 'access token' : 'code'} that it came with`],
          ),
        )

/** What an ID token that came with a renewal must repeat (OpenID Connect Core §12.2). */
export const continuing = (claims: Claims, previous: Claims | undefined): Fault => {
  if (previous === undefined) return undefined
  if (claims.sub !== previous.sub) return ['sub', 'the person who logged in']
  if (claims.azp !== previous.azp) return ['azp', 'the one of the login']
  if (claims.iat < previous.iat) return ['iat', 'later than the one of the login']
  const { auth_time: at } = claims
  return at !== undefined && previous['auth_time'] !== undefined && at !== previous['auth_time']
    ? ['auth_time', 'the one of the login']
    : undefined
}
