import { AuthError, Secret } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import type { Provider } from '../Provider.js'
import { refusal } from '../serverAnswer.js'
import { isRecord } from './isRecord.js'
import { malformedAt } from './json.js'
import type { Answered } from './transfer.js'

const isText = (value: unknown): boolean => typeof value === 'string' && value !== ''

const errorOf = (body: Secret<'Body'>): O.Option<string> => {
  try {
    const value: unknown = JSON.parse(Secret.open(body))
    if (!isRecord(value) || isText(value['access_token']) || isText(value['device_code'])) return O.none
    const { error } = value
    return typeof error === 'string' && error !== '' ? O.some(error) : O.none
  } catch {
    return O.none
  }
}

/**
 * The error that an answer of success is: it has a text `error`, and nothing that was issued. It is believed of every server: nobody's
 * token is at stake, and read as anything else it would be asked for again and again.
 */
export const errorInside =
  ({ serverErrors }: Provider, repeatable: boolean) =>
  ({ body, answer: told }: Answered): O.Option<AuthError> => {
    const error = errorOf(body)
    if (O.isNone(error)) return O.none
    const answer = told()
    return O.some(
      serverErrors.includes(error.value)
        ? AuthError.outcomeUnknown({
            url: answer.url,
            reason: 'the server failed',
            answer: O.some(answer),
            repeatable,
          })
        : refusal(answer, repeatable),
    )
  }

/** What an answer of success was that could not be read: the error that it is, or malformed. */
export const unread =
  (provider: Provider, repeatable: boolean) =>
  (answered: Answered) =>
  (error: AuthError): AuthError => {
    const inside = errorInside(provider, repeatable)(answered)
    return O.isSome(inside) ? inside.value : malformedAt(answered.answer(), repeatable)(error)
  }
