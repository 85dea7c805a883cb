/**
 * What production decides beside `Lifecycle.step`: how early a process renews, how long it leaves a failing server alone, and
 * what a failure means. In numbers, so that nothing else depends on where it comes from.
 */

// These are not exported by the package, and a copy could differ from what runs: they are imported from where they are built.
// biome-ignore-start lint/style/noRestrictedImports: the simulation has to run the very code that a source runs
import * as AuthError from '../../../core/dist/esm/AuthError.js'
import { backOffAfter } from '../../../core/dist/esm/internal/backOff.js'
import { makeCache } from '../../../core/dist/esm/internal/cache.js'
import { toFailure } from '../../../core/dist/esm/internal/failure.js'
import * as Lifecycle from '../../../core/dist/esm/Lifecycle.js'
import * as Secret from '../../../core/dist/esm/Secret.js'
import { instant, millis } from '../../../core/dist/esm/Time.js'
import * as TokenSet from '../../../core/dist/esm/TokenSet.js'
// biome-ignore-end lint/style/noRestrictedImports: see above

/** What a process reads of a token. Times are in ms. */
export interface Seen {
  readonly issuedAt: number
  readonly expiresAt: number
  /** When it reads it; before its expiry. */
  readonly now: number
  /** Tells tokens apart. */
  readonly token: number
}

/** How long before its expiry a process renews a token that it has just read, in ms. */
export type Jitter = (seen: Seen) => number

const NONE = { _tag: 'None' } as const
const some = <A>(value: A) => ({ _tag: 'Some', value }) as const

/** The draw of a source's cache. */
export const productionJitter = (early: number, maxStale: number, draw: () => number): Jitter => {
  const { cache, memory, expire } = makeCache({ early: millis(early), maxStale: millis(maxStale), draw }, () => true)
  const accessToken = Secret.make('AccessToken', '')
  return ({ issuedAt, expiresAt, now }) => {
    // Forgets the token before, so that the cache draws for this one.
    expire()
    const token = TokenSet.make(accessToken, { issuedAt: some(instant(issuedAt)), expiresAt: some(instant(expiresAt)) })
    const cell = { ...Lifecycle.empty, token: some(token) }
    memory.adopt({ version: '', cell, offset: millis(0), readAt: instant(now) }, memory.begin())
    return cache.early
  }
}

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

/** What a failure of the server means to the lifecycle: its tag, and for how long it is left alone by everybody, in ms. */
export const failureOf = (
  outage: Outage,
): { readonly _tag: 'NotSent' | 'Throttled' | 'Unknown'; readonly wait: number } => {
  const failure = toFailure(ERRORS[outage], NONE, true)
  switch (failure._tag) {
    case 'NotSent':
      return { _tag: 'NotSent', wait: failure.backOff }
    case 'Throttled':
      return { _tag: 'Throttled', wait: failure.retryAfter }
    case 'Unknown':
      return { _tag: 'Unknown', wait: 0 }
    case 'InvalidGrant':
      throw new Error('an outage is no verdict')
  }
}

/** Until when a process sends nothing after so many failures in a row. */
export const backOffUntil = (failures: number, now: number): number => {
  const error = ERRORS.refuses
  const before = failures > 1 ? { failures: failures - 1, error, from: instant(now), until: instant(now) } : undefined
  return backOffAfter(before, error, instant(now)).until
}
