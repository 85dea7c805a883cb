import * as Secret from '../Secret.js'

/** How many values of what was thrown are looked at; with more, it counts as one that holds a secret. */
const MOST_VALUES = 1_000

/** The values that printing an object would show, and those of what it is made of. */
const partsOf = (value: object): ReadonlyArray<unknown> => {
  if (value instanceof Map) return [...value.keys(), ...value.values(), ...ownValues(value)]
  return value instanceof Set ? [...value, ...ownValues(value)] : ownValues(value)
}

const ownValues = (value: object): ReadonlyArray<unknown> =>
  Reflect.ownKeys(value).map((name): unknown => Object.getOwnPropertyDescriptor(value, name)?.value)

const bytesOf = (value: unknown): Uint8Array | undefined => {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  return value instanceof ArrayBuffer ? new Uint8Array(value) : undefined
}

const textOf = (value: unknown): string | undefined => {
  if (typeof value === 'string') return value
  const bytes = bytesOf(value)
  // A copy, since what is shared between threads is not decoded.
  return bytes === undefined ? undefined : new TextDecoder('latin1').decode(bytes.slice())
}

/** Whether one of the texts is anywhere in what was thrown. */
const holds = (thrown: unknown, isFound: (text: string) => boolean): boolean => {
  const seen = new Set<unknown>([thrown])
  for (const value of seen) {
    if (seen.size > MOST_VALUES) return true
    const text = textOf(value)
    if (text !== undefined) {
      if (isFound(text)) return true
    } else if (typeof value === 'object' && value !== null) {
      for (const part of partsOf(value)) seen.add(part)
    }
  }
  return false
}

const nameOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.constructor.name : 'no Error')

const codeOf = (thrown: unknown): string => {
  const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : undefined
  return typeof code === 'string' ? code : ''
}

/** What is thrown may be anything: an object that throws itself when it is looked at, say. */
const safely = <A>(look: () => A, otherwise: () => A): A => {
  try {
    return look()
  } catch {
    return otherwise()
  }
}

const cleanedOf = (thrown: unknown, secrets: ReadonlyArray<Secret.Secret>): unknown => {
  const redact = Secret.redact(secrets)
  if (secrets.length === 0 || !holds(thrown, (text) => redact(text) !== text)) return thrown
  if (typeof thrown === 'string') return redact(thrown)
  const told = thrown instanceof Error ? thrown : new Error('what was thrown quotes a secret')
  const code = redact(codeOf(thrown))
  return Object.assign(new Error(redact(told.message)), {
    name: redact(told.name),
    stack: redact(told.stack ?? ''),
    ...(code !== '' && { code }),
  })
}

const threwOf = (thrown: unknown, secrets: ReadonlyArray<Secret.Secret>): string => {
  const redact = Secret.redact(secrets)
  const name = redact(nameOf(thrown))
  const code = redact(codeOf(thrown))
  const isTelling = /^[A-Z][A-Za-z]{0,40}$/.test(name) && name !== 'Error'
  return `threw${isTelling ? ` ${name}` : ''}${/^[A-Z][A-Z_]{0,40}$/.test(code) ? ` (${code})` : ''}`
}

/**
 * What code of the application's threw, as it may be kept: itself, where it quotes none of the secrets that the code was given;
 * otherwise an error with its words, in which they are redacted.
 */
export const cleaned = (thrown: unknown, secrets: ReadonlyArray<Secret.Secret>): unknown =>
  safely(
    () => cleanedOf(thrown, secrets),
    () => new Error('what was thrown cannot be looked at'),
  )

/** Its class and code, where they are the words of a program: `threw TypeError`, `threw (ECONNREFUSED)`. */
export const threw = (thrown: unknown, secrets: ReadonlyArray<Secret.Secret>): string =>
  safely(
    () => threwOf(thrown, secrets),
    () => 'threw',
  )
