/**
 * What production decides beside `Lifecycle.step`: how early a process renews, how long an early renewal that failed rests, how
 * long a failing server is left alone, and what a failure means. In numbers, so that nothing else depends on where it comes from.
 */

// These are not exported by the package, and a copy could differ from what runs: they are imported from where they are built.
// biome-ignore-start lint/style/noRestrictedImports: the simulation has to run the very code that a source runs
import * as AuthError from '../../../core/dist/esm/AuthError.js'
import { backOffAfter } from '../../../core/dist/esm/internal/backOff.js'
import { pollOf } from '../../../core/dist/esm/session/changes.js'
import { holdOf, PAUSE } from '../../../core/dist/esm/session/context.js'
import { earlyOf, postponed, restOf } from '../../../core/dist/esm/session/early.js'
import { toFailure } from '../../../core/dist/esm/session/failure.js'
import { FIRST_PAUSE, longer } from '../../../core/dist/esm/session/records.js'
import { instant, millis } from '../../../core/dist/esm/Time.js'
// biome-ignore-end lint/style/noRestrictedImports: see above

/** How long a failing store, or server, is left alone while a token is valid, in ms. */
export const PRODUCTION_PAUSE: number = PAUSE
/** How long a lease lasts, for a flight that may take so long, in ms. */
export const productionHold = (timeout: number): number => holdOf(millis(timeout))
/** How long who is woken by changes waits for another's renewal before looking again, in ms. */
export const productionPoll = (draw: number): number => pollOf(true, draw)
/** Before a write that must not be lost is tried again: first, and after a pause of so many ms. */
export const productionRetry = (pause: number | undefined): number =>
  pause === undefined ? FIRST_PAUSE : longer(millis(pause))
/** How long before its expiry a token is renewed whose early renewal has failed, in ms. */
export const productionPostponed = (left: number, early: number, rest: (left: number) => number): number =>
  postponed(millis(left), millis(early), (of) => millis(rest(of)))

/** What a process reads of a token. Times are in ms. */
export interface Seen {
  readonly issuedAt: number
  readonly expiresAt: number
  /** When it reads it; before its expiry. */
  readonly now: number
}

/** How long before its expiry a process renews a token that it has just read, in ms. */
export type Jitter = (seen: Seen, draw: number) => number

const NONE = { _tag: 'None' } as const
const some = <A>(value: A) => ({ _tag: 'Some', value }) as const

/** As a source draws it. */
export const productionJitter =
  (early: number): Jitter =>
  ({ issuedAt, expiresAt, now }, draw) =>
    earlyOf(
      millis(early),
      { issuedAt: some(instant(issuedAt)), expiresAt: some(instant(expiresAt)) },
      instant(now),
      draw,
    )

/** For how long an early renewal that failed rests, in ms. */
export type Rest = (left: number, draw: number) => number

/** As a source draws it. */
export const productionRest: Rest = (left, draw) => restOf(millis(left), draw)

/** How the authorization server fails. */
export type Outage = 'refuses' | 'answers 503' | 'is silent'

const ERRORS: Readonly<Record<Outage, AuthError.AuthError>> = {
  refuses: AuthError.unreachable('', 'ECONNREFUSED'),
  'answers 503': AuthError.rejected({
    method: 'POST',
    url: '',
    status: 503,
    error: NONE,
    description: NONE,
    requestId: NONE,
    date: NONE,
    retryAfter: NONE,
  }),
  'is silent': AuthError.outcomeUnknown({ url: '', reason: '', answer: NONE, repeatable: false }),
}

/**
 * What a failure of the server means to the lifecycle, where the token is not needed for `rest` ms: its tag, and for how long
 * everybody leaves the server alone, in ms.
 */
export const failureOf = (
  outage: Outage,
  rest: number,
): { readonly _tag: 'NotSent' | 'Throttled' | 'Unknown'; readonly wait: number } => {
  const failure = toFailure(ERRORS[outage], NONE, true, millis(rest))
  switch (failure._tag) {
    case 'NotSent':
      return { _tag: 'NotSent', wait: failure.backOff }
    case 'Throttled':
      return { _tag: 'Throttled', wait: failure.retryAfter }
    case 'Unknown':
      return { _tag: 'Unknown', wait: 0 }
    case 'InvalidGrant':
      throw new Error('an outage is no status')
  }
}

/** Until when a process sends nothing after so many failures in a row. */
export const backOffUntil = (failures: number, now: number): number => {
  const error = ERRORS.refuses
  const before = failures > 1 ? { failures: failures - 1, error, from: instant(now), until: instant(now) } : undefined
  return backOffAfter(before, error, instant(now)).until
}
