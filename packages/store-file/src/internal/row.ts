import { createHash } from 'node:crypto'
import type { Key, Version } from '@tessera/core'
import { Secret } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'

/** What a file holds: a record, its version, and the key that it is of. */
export interface Row {
  readonly key: Key
  readonly version: Version
  readonly record: Secret<'Record'>
}

/**
 * The bytes of a row: one line of JSON, with a digest by which damage is seen. They hold an opened secret.
 */
export const encodeRow = ({ key, version, record }: Row): Buffer => {
  const body = { v: 1, key, version, record: Secret.open(record) }
  const sha256 = createHash('sha256').update(JSON.stringify(body)).digest('base64url')
  return Buffer.from(`${JSON.stringify({ ...body, sha256 })}\n`)
}

const member = (of: object, name: string): unknown => Object.getOwnPropertyDescriptor(of, name)?.value

/** The row of bytes that are exactly those that {@link encodeRow} makes of it; none of any others. */
export const decodeRow = (bytes: Uint8Array): O.Option<Row> => {
  let json: unknown
  try {
    json = JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    // The parser's message would show some of the record.
    return O.none
  }
  if (typeof json !== 'object' || json === null) return O.none
  const [key, version, record] = [member(json, 'key'), member(json, 'version'), member(json, 'record')]
  if (typeof key !== 'string' || typeof version !== 'string' || typeof record !== 'string') return O.none
  const row = { key, version, record: Secret.make('Record', record) }
  return encodeRow(row).equals(bytes) ? O.some(row) : O.none
}
