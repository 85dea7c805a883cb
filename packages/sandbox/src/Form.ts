/**
 * `application/x-www-form-urlencoded` parameters, read strictly: bad escapes and repeated names are errors of the
 * client (RFC 6749 §3.1, §3.2), and a parameter without a value counts as omitted.
 */
import { type Refusal, refusal } from './Answer.js'
import { fail, ok, type Result } from './Result.js'

export interface Form {
  /** The names as they came, in order, repetitions and empty ones included. */
  readonly names: ReadonlyArray<string>
  /** Names that came more than once. */
  readonly repeated: ReadonlySet<string>
  /** The value of a parameter; `undefined` if it is absent or empty. */
  readonly get: (name: string) => string | undefined
}

const decode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

/** Reads a body or a query. The only failure is text that is not form-encoded UTF-8. */
export const parseForm = (text: string): Result<Refusal, Form> => {
  const names: Array<string> = []
  const repeated = new Set<string>()
  const values = new Map<string, string>()
  for (const pair of text.split('&')) {
    if (pair === '') continue
    const at = pair.indexOf('=')
    const name = decode(at < 0 ? pair : pair.slice(0, at))
    const value = at < 0 ? '' : decode(pair.slice(at + 1))
    if (name === undefined || value === undefined)
      return fail(refusal('invalid_request', 'The parameters are not valid form-encoded text'))
    names.push(name)
    if (values.has(name)) repeated.add(name)
    else values.set(name, value)
  }
  return ok({ names, repeated, get: (name) => values.get(name) || undefined })
}

/** A form in which no parameter may be repeated. */
export const parseUniqueForm = (text: string): Result<Refusal, Form> => {
  const form = parseForm(text)
  if (!form.ok || form.value.repeated.size === 0) return form
  return fail(refusal('invalid_request', 'A parameter must not be included more than once'))
}
