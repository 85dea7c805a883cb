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

const BITS = 18
/** A place in a table, by the first four characters there: most of a text begins no piece, and is not cut out to look it up. */
const placeOf = (text: string, at: number): number => {
  const first = (text.charCodeAt(at) << 8) ^ text.charCodeAt(at + 1)
  const next = (text.charCodeAt(at + 2) << 8) ^ text.charCodeAt(at + 3)
  return Math.imul((first << 16) ^ next, 0x9e3779b1) >>> (32 - BITS)
}

/** A secret in one of its forms, of which each piece that is so long is searched for. */
interface Encoded {
  readonly text: string
  readonly length: number
  readonly hit: Hit
}

const encodedOf = (secrets: Iterable<Canary>): ReadonlyArray<Encoded> =>
  Array.from(secrets).flatMap(({ name, value }) =>
    Object.entries({ ...FORMS, ...FURTHER }).map(([form, encode]) => ({
      text: encode(value),
      length: pieceOf(form),
      hit: { secret: name, form },
    })),
  )

/** Searches for pieces of secrets, so that an excerpt of one is found too. */
export const search = (secrets: Iterable<Canary>): ((text: string) => ReadonlyArray<Hit>) => {
  const all = encodedOf(secrets)
  // Each secret has a thousand pieces. They are numbers, and are cut out only where a text may have one: whose piece it is, where it
  // begins there, and the next of the same place, which are counted from 1.
  const last = new Int32Array(2 ** BITS)
  const whose = [0]
  const begins = [0]
  const next = [0]
  for (const [index, { text, length }] of all.entries()) {
    for (let at = 0; at + length <= text.length; at++) {
      const place = placeOf(text, at)
      next.push(last[place] ?? 0)
      last[place] = whose.push(index) - 1
      begins.push(at)
    }
  }
  const hitAt = (text: string, start: number, piece: number): Hit | undefined => {
    const of = all[whose[piece] ?? 0]
    const at = begins[piece] ?? 0
    if (of === undefined || of.text.charCodeAt(at) !== text.charCodeAt(start)) return undefined
    return text.startsWith(of.text.slice(at, at + of.length), start) ? of.hit : undefined
  }
  return (text) => {
    const hits = new Map<string, Hit>()
    for (let at = 0; at + SHORTEST <= text.length; at++) {
      for (let piece = last[placeOf(text, at)] ?? 0; piece !== 0; piece = next[piece] ?? 0) {
        const hit = hitAt(text, at, piece)
        if (hit !== undefined) hits.set(`${hit.secret} ${hit.form}`, hit)
      }
    }
    return [...hits.values()]
  }
}
