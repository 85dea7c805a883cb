import type { Argument } from '@tessera/core'
import * as t from 'io-ts'

/** An option by its words and its question. */
export const argument = (expected: string, is: Argument['is']): Argument => ({ is, expected })

/** An option that may be left out. */
export const optional = ({ is, expected }: Argument): Argument =>
  argument(expected, (value, options) => value === undefined || is(value, options))

export const SIGNER = argument(
  'a signer, such as signer({ key }) of @tessera/node makes',
  (value) => t.UnknownRecord.is(value) && typeof value['sign'] === 'function',
)
export const CIPHER = argument(
  'a cipher, such as aesGcm({ write }) of @tessera/node makes',
  (value) => t.UnknownRecord.is(value) && typeof value['seal'] === 'function' && typeof value['open'] === 'function',
)
export const FUNCTION = argument('a function', t.Function.is)
export const TEXT = argument('a text', t.string.is)
export const GIVEN = argument('given', (value) => value !== undefined)
export const SCOPE = optional(argument('a list of texts', Array.isArray))
export const SUBJECT = argument(
  '{ sub }, or a function that chooses one',
  (value) => typeof value === 'function' || (t.UnknownRecord.is(value) && 'sub' in value),
)
