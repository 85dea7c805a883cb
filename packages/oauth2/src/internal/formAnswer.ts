import { Secret } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import type { HttpResponse } from '../Http.js'

const isForm = (type: string): boolean => /^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type.trim())

/**
 * An answer that says that it is form-encoded, as JSON: some servers know no other, and to refuse it would cost what was issued. JSON
 * under that type is left as it is, and so is a form with a name twice, which nobody can read.
 */
export const formAsJson = (response: HttpResponse): HttpResponse => {
  if (!O.exists(isForm)(response.header('content-type'))) return response
  const text = Secret.open(response.body).trim()
  const entries = Array.from(new URLSearchParams(text))
  return /^[{[]/.test(text) || new Set(entries.map(([name]) => name)).size < entries.length
    ? response
    : { ...response, body: Secret.make('Body', JSON.stringify(Object.fromEntries(entries))) }
}
