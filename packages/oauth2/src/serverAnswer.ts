/**
 * What a server said, in its own words, without the secrets of the request.
 *
 * @packageDocumentation
 */
import {
  AuthError,
  between,
  type Duration,
  type Instant,
  millis,
  Secret,
  type ServerAnswer,
  seconds,
} from '@tessera/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { HttpResponse } from './Http.js'
import { httpDate } from './internal/httpDate.js'
import { isRecord } from './internal/isRecord.js'
import { visible } from './internal/visible.js'

/** The request that was answered. */
export interface RequestContext {
  readonly method: string
  /** Without query and fragment. */
  readonly url: string
  /** What the server may echo and nobody may see. */
  readonly secrets: ReadonlyArray<Secret>
}

const LONGEST = 500

/**
 * A server's text: without control and format characters, which also hide a secret from redaction; redacted; at most 500
 * characters.
 */
export const cleaned = (secrets: ReadonlyArray<Secret>): ((text: string) => string) => {
  const redact = Secret.redact(secrets)
  return (text) => redact(visible(text)).slice(0, LONGEST)
}

const parsed = (body: Secret<'Body'>): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(Secret.open(body))
    return isRecord(value) ? value : {}
  } catch {
    return {}
  }
}

/**
 * `Retry-After`, in ms: seconds, or a date relative to the server's own clock (`date`), so that a skewed clock of ours does
 * not count. Rubbish is none, the past is 0 (RFC 9110 §10.2.3).
 *
 * @example
 * import { instant } from '@tessera/core'
 * import { retryAfter } from '@tessera/oauth2'
 * import * as O from 'fp-ts/lib/Option.js'
 *
 * assert.deepStrictEqual(retryAfter('120', instant(0)), O.some(120_000))
 * assert.deepStrictEqual(retryAfter('Thu, 01 Jan 1970 00:01:00 GMT', instant(0)), O.some(60_000))
 * assert.deepStrictEqual(retryAfter('soon', instant(0)), O.none)
 */
export const retryAfter = (text: string, date: Instant): O.Option<Duration> =>
  pipe(
    /^-?\d{1,15}$/.test(text)
      ? O.some(seconds(Number(text)))
      : pipe(
          httpDate(text),
          O.map((then) => between(date, then)),
        ),
    O.map((wait) => millis(Math.max(0, wait))),
  )

/**
 * Reads an answer: `error` and `error_description` (RFC 6749 §5.2), or `code`, `message` and `request_id` of Box's general
 * shape. It never fails: what cannot be read is none.
 */
export const serverAnswer =
  ({ method, url, secrets }: RequestContext) =>
  (response: HttpResponse, now: Instant): ServerAnswer => {
    const body = parsed(response.body)
    const clean = cleaned(secrets)
    const text = (value: unknown): O.Option<string> =>
      typeof value === 'string' && value !== '' ? O.some(clean(value)) : O.none
    const header = (name: string) => pipe(response.header(name), O.flatMap(text))
    const date = pipe(response.header('date'), O.flatMap(httpDate))
    return {
      method,
      url,
      status: response.status,
      error: pipe(
        text(body['error']),
        O.orElse(() => text(body['code'])),
      ),
      description: pipe(
        text(body['error_description']),
        O.orElse(() => text(body['message'])),
      ),
      requestId: pipe(
        text(body['request_id']),
        O.orElse(() => header('box-request-id')),
        O.orElse(() => header('x-request-id')),
      ),
      date,
      retryAfter: pipe(
        response.header('retry-after'),
        O.flatMap((value) => retryAfter(value.trim(), O.getOrElse(() => now)(date))),
      ),
    }
  }

/**
 * The error of an answer that is no success. 408, 409 and 5xx do not tell whether the request took effect; 429 tells that it did
 * not, and to wait. So does a 503 with a `Retry-After`; a gateway may answer one without it after it has forwarded the request,
 * which counts where the request consumes something. Anything else is a no: a redirect too, since none is followed.
 *
 * @example
 * import { type ServerAnswer, Secret, instant } from '@tessera/core'
 * import { refusal, serverAnswer } from '@tessera/oauth2'
 * import * as O from 'fp-ts/lib/Option.js'
 *
 * const response = { status: 502, header: () => O.none, body: Secret.make('Body', '') }
 * const answer: ServerAnswer = serverAnswer({ method: 'POST', url: 'https://as.example/token', secrets: [] })(response, instant(0))
 * assert.strictEqual(refusal(answer, false)._tag, 'OutcomeUnknown')
 */
export const refusal = (answer: ServerAnswer, repeatable: boolean): AuthError => {
  const { status, url } = answer
  const waits = status === 503 && (repeatable || O.isSome(answer.retryAfter))
  const unknown = status === 408 || status === 409 || (status >= 500 && !waits)
  return unknown
    ? AuthError.outcomeUnknown({ url, reason: `status ${status}`, answer: O.some(answer), repeatable })
    : AuthError.rejected(answer)
}
