/**
 * Why a broker answers with no token, in words that any program can read.
 *
 * @packageDocumentation
 */
import { AuthError, type Duration } from '@tessera/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'

/** What went wrong, as the member `error` of an answer says it. */
export type RefusalCode =
  | 'invalid_request'
  | 'unauthorized'
  | 'not_found'
  | 'unknown_profile'
  | 'login_required'
  | 'misconfigured'
  | 'refused'
  | 'throttled'
  | 'unreachable'
  | 'no_answer'
  | 'timed_out'
  | 'store_failed'
  | 'ending'

/** An answer without a token. No member holds a secret. */
export interface Refusal {
  /** Of HTTP. */
  readonly status: number
  readonly error: RefusalCode
  /** For people. */
  readonly description: string
  /** The command that mends it, where there is one. */
  readonly next?: string | undefined
  /** How long to wait before the next request, in ms. */
  readonly retryAfter?: Duration | undefined
  /** Of `login_required`: as the source said it. */
  readonly reason?: Extract<AuthError, { readonly _tag: 'ReauthenticationRequired' }>['reason'] | undefined
}

/** The status of each. */
const STATUS: Readonly<Record<RefusalCode, number>> = {
  invalid_request: 400,
  unauthorized: 401,
  login_required: 403,
  not_found: 404,
  unknown_profile: 404,
  misconfigured: 500,
  refused: 502,
  no_answer: 502,
  throttled: 503,
  unreachable: 503,
  store_failed: 503,
  ending: 503,
  timed_out: 504,
}

/** A refusal from its code and its words. */
export const refusal = (error: RefusalCode, description: string, more: Partial<Refusal> = {}): Refusal => ({
  status: STATUS[error],
  error,
  description,
  ...more,
})

type Cause = ReturnType<typeof AuthError.causes>[number]

const codeOf = (cause: Cause): RefusalCode => {
  switch (cause._tag) {
    case 'ReauthenticationRequired':
      return 'login_required'
    case 'Misconfigured':
    case 'NotApplicable':
      return 'misconfigured'
    case 'Rejected':
      return cause.answer.status === 429 || cause.answer.status === 503 ? 'throttled' : 'refused'
    case 'Malformed':
      return 'refused'
    case 'Unreachable':
      return 'unreachable'
    case 'OutcomeUnknown':
      return 'no_answer'
    case 'TimedOut':
    case 'Aborted':
      return 'timed_out'
    case 'StoreFailed':
      return 'store_failed'
    case 'Closed':
      return 'ending'
  }
}

/** The refusal that an error of a source is. Of several causes the last is the one to act on. */
export const refusalOf = (error: AuthError): Refusal => {
  const causes = AuthError.causes(error)
  const last = causes[causes.length - 1] ?? causes[0]
  return refusal(codeOf(last), AuthError.show.show(error), {
    ...(last._tag === 'ReauthenticationRequired' && { reason: last.reason }),
    retryAfter: pipe(
      AuthError.answer(error),
      O.flatMap(({ retryAfter }) => retryAfter),
      O.toUndefined,
    ),
  })
}
