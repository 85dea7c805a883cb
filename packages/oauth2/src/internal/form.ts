import { AuthError, Secret } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import type { Parameter } from '../Grant.js'

// The characters that the form encoding leaves alone. Most tokens have no others.
const PLAIN = /^[A-Za-z0-9*._-]*$/

/** One name or value in application/x-www-form-urlencoded (RFC 6749 appendix B). */
export const encode = (text: string): string =>
  PLAIN.test(text) ? text : new URLSearchParams([['', text]]).toString().slice(1)

export const wrong = (message: string): AuthError => AuthError.misconfigured('parameters', message)

const kindOf = (value: unknown): string => (value === null ? 'null' : typeof value)

/** A parameter's value. From JavaScript comes a setting that is missing, too: it is `Misconfigured`. */
export const text = (name: string, value: unknown): E.Either<AuthError, string> => {
  const opened = Secret.is(value) ? Secret.open(value) : value
  return typeof opened === 'string'
    ? E.right(opened)
    : E.left(wrong(`${encode(name)} is not text but ${kindOf(opened)}: is a setting missing?`))
}

/** The same, encoded. */
export const encoded = (name: string, value: unknown): E.Either<AuthError, string> => {
  const opened = text(name, value)
  return E.isLeft(opened) ? opened : E.right(encode(opened.right))
}

const MANY: ReadonlySet<string> = new Set(['resource', 'audience'])

/**
 * Parameters in application/x-www-form-urlencoded, in their order. `Misconfigured` where a value is not text, or where a name
 * is there twice, which no request may have (RFC 6749 §3.2), but for `resource` and `audience` (RFC 8693 §2.1): one server
 * reads the first value, another one the last.
 */
export const form = (parameters: ReadonlyArray<Parameter>): E.Either<AuthError, string> => {
  const names = new Set<string>()
  let joined = ''
  for (const [name, value] of parameters) {
    const sent = encoded(name, value)
    if (E.isLeft(sent)) return sent
    // As the server gets it: two lone surrogates are one name.
    const key = encode(name)
    if (names.has(key) && !MANY.has(key)) return E.left(wrong(`there is more than one ${key}`))
    names.add(key)
    if (joined !== '') joined += '&'
    joined += `${key}=${sent.right}`
  }
  return E.right(joined)
}

/** The same as a JSON object, for endpoints that read no form. */
export const json = (parameters: ReadonlyArray<Parameter>): E.Either<AuthError, string> => {
  const members = new Map<string, string>()
  for (const [name, value] of parameters) {
    const sent = text(name, value)
    if (E.isLeft(sent)) return sent
    if (members.has(name)) return E.left(wrong(`there is more than one ${encode(name)}`))
    members.set(name, sent.right)
  }
  return E.right(JSON.stringify(Object.fromEntries(members)))
}

/** The values that must not be seen. */
export const secretsOf = (parameters: ReadonlyArray<Parameter>): ReadonlyArray<Secret> =>
  parameters.flatMap(([, value]) => (Secret.is(value) ? [value] : []))
