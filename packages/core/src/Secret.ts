/**
 * Opaque values that print as `<redacted>` wherever they end up, and are opened on purpose only.
 *
 * @packageDocumentation
 */
import type { Eq } from 'fp-ts/lib/Eq.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** A string that must not be seen: a token, a client secret, an assertion. `Kind` tells them apart. */
export interface Secret<out Kind extends string = string> {
  readonly kind: Kind
  /** Always `<redacted>`. */
  readonly toString: () => string
  /** Always `<redacted>`. */
  readonly toJSON: () => string
}

// `#private` fields fail between the ESM and the CJS instance of this package, and a WeakMap would be module state: a
// registered symbol and a closure work in both.
const OPEN: unique symbol = Symbol.for('@tessera/Secret/open')
const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom')
const REDACTED = '<redacted>'

// A class, since its instances are made twenty times faster than with `Object.create`.
class Sealed<Kind extends string> implements Secret<Kind> {
  readonly kind: Kind
  readonly [OPEN]: () => string
  constructor(kind: Kind, value: string) {
    this.kind = kind
    this[OPEN] = () => value
    Object.freeze(this)
  }
  toString(): string {
    return REDACTED
  }
  toJSON(): string {
    return REDACTED
  }
  [Symbol.toPrimitive](): string {
    return REDACTED
  }
  [INSPECT](): string {
    return REDACTED
  }
}
Object.freeze(Sealed.prototype)

// -----------------------------------------------------------------------------
// constructors and destructor
// -----------------------------------------------------------------------------

/**
 * Wraps a string.
 *
 * @example
 * import { Secret } from '@tessera/core'
 *
 * const token = Secret.make('AccessToken', 'abc')
 * assert.strictEqual(`${token}`, '<redacted>')
 * assert.strictEqual(Secret.open(token), 'abc')
 */
export const make = <Kind extends string>(kind: Kind, value: string): Secret<Kind> => new Sealed(kind, value)

/** Reads the string inside. The one way in: search for its callers to audit where secrets are used. */
// biome-ignore lint/nursery/noUnsafeTypeAssertion: every Secret is made by `make`, which defines this member; the public type hides it.
export const open = (secret: Secret): string => (secret as Sealed<string>)[OPEN]()

/** Tells whether a value is a Secret, made by this or by another instance of the package. */
export const is = (value: unknown): value is Secret => typeof value === 'object' && value !== null && OPEN in value

// -----------------------------------------------------------------------------
// instances
// -----------------------------------------------------------------------------

/** Equality of what is inside. */
export const eq: Eq<Secret> = { equals: (a, b) => a === b || open(a) === open(b) }

// -----------------------------------------------------------------------------
// redaction
// -----------------------------------------------------------------------------

const base64 = (bytes: Uint8Array): string => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

/**
 * The forms in which a secret may turn up in a text: raw, percent- and form-encoded, JSON-escaped, base64, base64url and hex,
 * with capital or small letters where a form takes both.
 */
export const forms = (value: string): ReadonlyArray<string> => {
  const bytes = new TextEncoder().encode(value)
  // `encodeURIComponent` throws at a lone surrogate; the encoder has replaced it, as every encoder does.
  const encoded = encodeURIComponent(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes))
  // A form encodes more than `encodeURIComponent` does: `~`, `!`, `'`, `(` and `)`.
  const form = new URLSearchParams([['', value]]).toString().slice(1)
  // RFC 3986 encodes those but `~`.
  const strict = form.replaceAll('+', '%20').replaceAll('%7E', '~')
  const percent = [encoded, encoded.replaceAll('%20', '+'), form, strict]
  const b64 = base64(bytes).replace(/=+$/, '')
  return [
    ...new Set([
      value,
      ...percent,
      ...percent.map((text) => text.replace(/%../g, (byte) => byte.toLowerCase())),
      JSON.stringify(value).slice(1, -1),
      b64,
      b64.replaceAll('+', '-').replaceAll('/', '_'),
      hex(bytes),
      hex(bytes).toUpperCase(),
    ]),
  ]
}

/**
 * Replaces the given secrets, in any of their {@link forms}, in a text that somebody else wrote: a server's error
 * description may echo what was sent to it.
 *
 * @example
 * import { Secret } from '@tessera/core'
 *
 * const code = Secret.make('AuthorizationCode', 'c0de')
 * assert.strictEqual(Secret.redact([code])('unknown code c0de'), 'unknown code <redacted>')
 */
export const redact =
  (secrets: ReadonlyArray<Secret>) =>
  (text: string): string =>
    secrets
      .map(open)
      // No form is shorter than its secret: what is longer than the text is not in it.
      .filter((value) => value.length > 0 && value.length <= text.length)
      .flatMap(forms)
      .sort((a, b) => b.length - a.length)
      .reduce((redacted, form) => redacted.replaceAll(form, REDACTED), text)
