import { Secret } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import type { Parameter } from '../Grant.js'

// The characters that the form encoding leaves alone. Most tokens have no others.
const PLAIN = /^[A-Za-z0-9*._-]*$/

/** One name or value in application/x-www-form-urlencoded (RFC 6749 appendix B). */
export const encode = (text: string): string =>
  PLAIN.test(text) ? text : new URLSearchParams([['', text]]).toString().slice(1)

/** Parameters in application/x-www-form-urlencoded, in their order. */
export const form = (parameters: ReadonlyArray<Parameter>): string => {
  let text = ''
  for (const [name, value] of parameters) {
    if (text !== '') text += '&'
    text += `${encode(name)}=${encode(typeof value === 'string' ? value : Secret.open(value))}`
  }
  return text
}

/** Joins encoded parts, some of which may be empty. */
export const join = (...parts: ReadonlyArray<string>): string => parts.filter((part) => part !== '').join('&')

const MANY: ReadonlySet<string> = new Set(['resource', 'audience'])

/**
 * A name that an encoded form has twice, which no request may (RFC 6749 §3.2), but for `resource` and `audience` (RFC 8693
 * §2.1): one server reads the first value, another one the last.
 */
export const repeated = (encoded: string): O.Option<string> => {
  const names = new Set<string>()
  for (const part of encoded.split('&')) {
    const name = part.slice(0, part.indexOf('='))
    if (names.has(name) && !MANY.has(name)) return O.some(name)
    names.add(name)
  }
  return O.none
}

/** The values that must not be seen. */
export const secretsOf = (parameters: ReadonlyArray<Parameter>): ReadonlyArray<Secret> =>
  parameters.flatMap(([, value]) => (typeof value === 'string' ? [] : [value]))
