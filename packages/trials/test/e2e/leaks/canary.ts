/** Secrets that can be told from everything else, and a search for them in any form. Shares nothing with `Secret.redact`. */
import { randomInt } from 'node:crypto'

/** A secret, and what it is. */
export interface Canary {
  readonly name: string
  readonly value: string
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const random = (length: number): string =>
  Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)] ?? '').join('')

/** With characters that every encoding changes between others, so that all its parts are unguessable. */
export const canary = (name: string, special = '/+=~'): Canary => ({
  name,
  value: `${random(12)}${Array.from(special, (char) => `${char}${random(3)}`).join('')}${random(9)}`,
})

/** One with spaces, quotes and markup in it, for secrets that may have them. */
export const textCanary = (name: string): Canary => canary(name, ' %&"\'<+/\\')

// -----------------------------------------------------------------------------
// forms
// -----------------------------------------------------------------------------

const bytesOf = (value: string): Buffer => Buffer.from(value, 'utf8')
const each = (value: string, form: (byte: number) => string): string => Array.from(bytesOf(value), form).join('')
const hexByte = (byte: number): string => byte.toString(16).padStart(2, '0')
const percent = (value: string, keep: RegExp, upper: boolean): string =>
  each(value, (byte) => {
    const char = String.fromCharCode(byte)
    return keep.test(char) ? char : `%${upper ? hexByte(byte).toUpperCase() : hexByte(byte)}`
  })

/** What of a base64 text depends on the secret alone, when other bytes stand before and behind it. */
const base64At = (offset: number, value: string): string => {
  const text = Buffer.concat([Buffer.alloc(offset), bytesOf(value)]).toString('base64')
  return text.slice(offset === 0 ? 0 : 4, text.length - 4)
}

/** How a secret can be written. Exported for servers that echo it. */
export const FORMS: Readonly<Record<string, (value: string) => string>> = {
  raw: (value) => value,
  base64: (value) => bytesOf(value).toString('base64'),
  base64url: (value) => bytesOf(value).toString('base64url'),
  hex: (value) => each(value, hexByte),
  'hex in capitals': (value) => each(value, hexByte).toUpperCase(),
  percent: (value) => percent(value, /[A-Za-z0-9._~-]/, true),
  'percent in small letters': (value) => percent(value, /[A-Za-z0-9._~-]/, false),
  form: (value) => percent(value, /[A-Za-z0-9._* -]/, true).replaceAll(' ', '+'),
  JSON: (value) => JSON.stringify(value).slice(1, -1),
}

/** Forms that are searched for as well, though nobody would answer in them. */
const FURTHER: Readonly<Record<string, (value: string) => string>> = {
  'base64, shifted by 1': (value) => base64At(1, value),
  'base64, shifted by 2': (value) => base64At(2, value),
  'percent of every byte': (value) => percent(value, /^$/, true),
  'JSON escapes of every character': (value) => each(value, (byte) => `\\u00${hexByte(byte)}`),
}

const SHORTEST = 8
/** The shortest piece that is no accident: about 48 bits. */
const pieceOf = (form: string): number =>
  form.startsWith('hex') ? 16 : form === 'percent of every byte' ? 24 : form.startsWith('JSON escapes') ? 48 : SHORTEST

// -----------------------------------------------------------------------------
// search
// -----------------------------------------------------------------------------

/** What was found: whose secret, and in which form. */
export interface Hit {
  readonly secret: string
  readonly form: string
}

const BITS = 20
/** A place in a table, by the first four characters there: most of a text begins no piece, and is not cut out to look it up. */
const placeOf = (text: string, at: number): number => {
  const first = (text.charCodeAt(at) << 8) ^ text.charCodeAt(at + 1)
  const next = (text.charCodeAt(at + 2) << 8) ^ text.charCodeAt(at + 3)
  return Math.imul((first << 16) ^ next, 0x9e3779b1) >>> (32 - BITS)
}

/** Searches for pieces of secrets, so that an excerpt of one is found too. */
export const search = (secrets: Iterable<Canary>): ((text: string) => ReadonlyArray<Hit>) => {
  // By their first characters, so that a text is gone through once.
  const pieces = new Map<string, Array<{ readonly rest: string; readonly hit: Hit }>>()
  const begins = new Uint8Array(2 ** BITS)
  for (const { name, value } of secrets) {
    for (const [form, encode] of Object.entries({ ...FORMS, ...FURTHER })) {
      const encoded = encode(value)
      const length = pieceOf(form)
      for (let at = 0; at + length <= encoded.length; at++) {
        const first = encoded.slice(at, at + SHORTEST)
        const piece = { rest: encoded.slice(at + SHORTEST, at + length), hit: { secret: name, form } }
        begins[placeOf(first, 0)] = 1
        const there = pieces.get(first)
        if (there === undefined) pieces.set(first, [piece])
        else there.push(piece)
      }
    }
  }
  return (text) => {
    const hits = new Map<string, Hit>()
    for (let at = 0; at + SHORTEST <= text.length; at++) {
      if (begins[placeOf(text, at)] === 0) continue
      for (const { rest, hit } of pieces.get(text.slice(at, at + SHORTEST)) ?? []) {
        if (text.startsWith(rest, at + SHORTEST)) hits.set(`${hit.secret} ${hit.form}`, hit)
      }
    }
    return [...hits.values()]
  }
}
