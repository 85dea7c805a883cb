import { AuthError, type ClockEnv, type Instant, type Limits, type Secret, type ServerAnswer } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { HttpEnv, HttpFailure, HttpRequest, HttpResponse } from '../Http.js'
import { cleaned, refusal, serverAnswer } from '../serverAnswer.js'
import type { Endpoint } from './endpoint.js'
import { formAsJson } from './formAnswer.js'
import { stopped } from './limits.js'

/** One request. */
export interface Transfer extends Pick<HttpRequest, 'method' | 'headers' | 'body'> {
  readonly endpoint: Endpoint
  readonly secrets: ReadonlyArray<Secret>
  /** The request consumes nothing. */
  readonly repeatable: boolean
  /** Told of the answer, whatever it is. */
  readonly onResponse?: ((response: HttpResponse) => void) | undefined
}

/** A successful answer: 2xx. */
export interface Answered {
  readonly body: Secret<'Body'>
  /** When the request was sent, or a little before: what is issued may live since then. */
  readonly sentAt: Instant
  /** Of the request. */
  readonly secrets: ReadonlyArray<Secret>
  /** Made only where an error needs it. */
  readonly answer: () => ServerAnswer
}

const MAX_BYTES = 65_536

const failed = (failure: HttpFailure, { endpoint, secrets, repeatable }: Transfer): AuthError => {
  const reason = cleaned(secrets)(failure.reason)
  if (failure._tag === 'Lost') {
    return AuthError.outcomeUnknown({ url: endpoint.shown, reason, answer: O.none, repeatable })
  }
  switch (failure.cause) {
    case 'abort':
      return AuthError.aborted
    case 'deadline':
      return AuthError.timedOut(`a connection to ${endpoint.shown}`)
    default:
      return AuthError.unreachable(endpoint.shown, reason)
  }
}

/**
 * Sends one request, within its limits. Every failure is typed; a transport that throws is one, and of what it threw only the name
 * is shown.
 */
export const transfer =
  (request: Transfer, limits: Required<Limits>, { http, clock }: HttpEnv & ClockEnv): TaskEither<AuthError, Answered> =>
  async () => {
    const { endpoint, method, headers, body, secrets, repeatable } = request
    const late = stopped(clock, limits, endpoint.shown)
    if (O.isSome(late)) return E.left(late.value)
    try {
      const { deadline, signal } = limits
      const sentAt = clock.now()
      const sent = await http.send({
        method,
        url: endpoint.url,
        headers,
        body,
        deadline,
        signal,
        maxBytes: MAX_BYTES,
      })()
      if (E.isLeft(sent)) return E.left(failed(sent.left, request))
      const response = formAsJson(sent.right)
      request.onResponse?.(response)
      const now = clock.now()
      const answer = () => serverAnswer({ method, url: endpoint.shown, secrets })(response, now)
      return response.status >= 200 && response.status < 300
        ? E.right({ body: response.body, sentAt, secrets, answer })
        : E.left(refusal(answer(), repeatable))
    } catch (error) {
      const unknown = (threw: string): AuthError =>
        AuthError.outcomeUnknown({ url: endpoint.shown, reason: `the transport ${threw}`, answer: O.none, repeatable })
      return E.left(AuthError.fromThrown(error, unknown, secrets))
    }
  }
