import type { Argument } from '@tessera/core'
import { isRecord } from './isRecord.js'

// Literals, so that a bundler drops those that a program does not use.

/** An option that may be left out. */
export const optional = ({ is, expected }: Argument): Argument => ({
  is: (value, options) => value === undefined || is(value, options),
  expected,
})

export const SIGNER: Argument = {
  is: (value) => isRecord(value) && typeof value['sign'] === 'function',
  expected: 'a signer, such as signer({ key }) of @tessera/node makes',
}

export const DPOP: Argument = {
  is: (value) => value === undefined || (isRecord(value) && typeof value['prove'] === 'function'),
  expected: 'what dpop({ key }) makes',
}

export const CIPHER: Argument = {
  is: (value) => isRecord(value) && typeof value['seal'] === 'function' && typeof value['open'] === 'function',
  expected: 'a cipher, such as aesGcm({ write }) of @tessera/node makes',
}

export const STORE: Argument = {
  is: (value) => isRecord(value) && typeof value['compareAndSet'] === 'function',
  expected: 'a store, such as memoryStore() makes',
}

export const FUNCTION: Argument = { is: (value) => typeof value === 'function', expected: 'a function' }

export const TEXT: Argument = { is: (value) => typeof value === 'string', expected: 'a text' }

export const GIVEN: Argument = { is: (value) => value !== undefined, expected: 'given' }

export const SCOPE: Argument = {
  is: (value) => value === undefined || Array.isArray(value),
  expected: 'a list of texts',
}

/** Further parameters of a device authorization request (RFC 8628 §3.1). */
export const EXTRA: Argument = {
  is: (value) =>
    value === undefined || (isRecord(value) && !['client_id', 'client_secret', 'scope'].some((name) => name in value)),
  expected: 'an object of texts, without what the request itself sets',
}

export const SUBJECT: Argument = {
  is: (value) => typeof value === 'function' || (isRecord(value) && 'sub' in value),
  expected: '{ sub }, or a function that chooses one',
}
