import type { Answer, Refusal } from './Answer.js'
import { refusal } from './Answer.js'
import { type Form, parseUniqueForm } from './Form.js'
import { fail, type Result } from './Result.js'
import type { World } from './World.js'

/** A request that has been read to its end. */
export interface Incoming {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly query: string
  readonly host: string | undefined
  readonly authorization: string | undefined
  readonly contentType: string | undefined
  /** A proof of possession (RFC 9449 §4.1). */
  readonly dpop: string | undefined
  readonly body: Buffer
}

/** What an endpoint is: it looks at the world, changes it, and answers, all in one synchronous step. */
export type Handler = (world: World, request: Incoming) => Answer

export const isForm = (contentType: string | undefined): boolean =>
  /^application\/x-www-form-urlencoded *(;|$)/i.test(contentType ?? '')

const utf8 = (body: Buffer): string | undefined => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
  } catch {
    return undefined
  }
}

/** The form of a POST: form-encoded, UTF-8, no parameter twice. Without a body it is one without parameters (RFC 6749 §5.2). */
export const formOf = (request: Incoming): Result<Refusal, Form> => {
  if (request.body.length > 0 && !isForm(request.contentType))
    return fail(refusal('invalid_request', 'The body must be application/x-www-form-urlencoded', 415))
  const text = utf8(request.body)
  if (text === undefined) return fail(refusal('invalid_request', 'The parameters are not valid form-encoded text'))
  return parseUniqueForm(text)
}
