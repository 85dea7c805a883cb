import { AuthError, between, type Clock, type Duration, type Instant, millis, type TokenSet } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Answer } from '../ServerModel.js'
import {
  connectionReset,
  notConnected,
  responding,
  type TransportFailure,
  type TransportResponse,
} from '../transport.js'
import { responseOf } from './endpoint.js'

/** How a request to the modelled server ended. */
export type Outcome =
  | { readonly _tag: 'TimedOut' }
  | { readonly _tag: 'NotSent' }
  | { readonly _tag: 'Lost'; readonly reason: string }
  | { readonly _tag: 'Busy'; readonly status: 429 | 503 }
  | { readonly _tag: 'Answered'; readonly answer: Answer }

/** What a busy server asks to wait, in ms. */
export const RETRY_AFTER = 2_000

const ENDPOINT = 'https://model/token'

const rejected = (status: number, error: O.Option<string>, retryAfter: O.Option<Duration>): AuthError =>
  AuthError.rejected({
    method: 'POST',
    url: ENDPOINT,
    status,
    error,
    description: O.none,
    requestId: O.none,
    date: O.none,
    retryAfter,
  })

/** As a strategy tells it. `repeatable`: its grant consumes nothing. */
export const toResult = (outcome: Outcome, repeatable: boolean): E.Either<AuthError, TokenSet> => {
  switch (outcome._tag) {
    case 'TimedOut':
      return E.left(AuthError.timedOut('the deadline'))
    case 'NotSent':
      return E.left(AuthError.unreachable(ENDPOINT, 'ECONNREFUSED'))
    case 'Lost':
      return E.left(AuthError.outcomeUnknown({ url: ENDPOINT, reason: outcome.reason, answer: O.none, repeatable }))
    case 'Busy':
      return E.left(rejected(outcome.status, O.none, O.some(millis(RETRY_AFTER))))
    case 'Answered':
      return outcome.answer._tag === 'Issued'
        ? E.right(outcome.answer.token)
        : E.left(rejected(400, O.some('invalid_grant'), O.none))
  }
}

/** A transport settles by the deadline: what comes later is lost, and it hears of that. */
export const byDeadline = async (
  clock: Clock,
  deadline: Instant,
  use: (isOver: () => boolean) => Promise<Outcome>,
): Promise<Outcome> => {
  let isOver = false
  const timer = new AbortController()
  const end = clock
    .sleep(between(clock.now(), deadline), timer.signal)()
    .then((): Outcome => {
      isOver = true
      return { _tag: 'Lost', reason: 'the deadline' }
    })
  try {
    return await Promise.race([use(() => isOver), end])
  } finally {
    timer.abort()
  }
}

/** As a transport tells it. */
export const toExchange = (outcome: Outcome): E.Either<TransportFailure, TransportResponse> => {
  switch (outcome._tag) {
    case 'TimedOut':
      return E.left({ _tag: 'NotSent', cause: 'deadline', reason: 'the deadline' })
    case 'NotSent':
      return E.left(notConnected)
    case 'Lost':
      return E.left(connectionReset)
    case 'Busy':
      return E.right(responding(outcome.status, '', { 'retry-after': String(RETRY_AFTER / 1_000) }))
    case 'Answered':
      return E.right(responseOf(outcome.answer))
  }
}
