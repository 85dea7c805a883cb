import { absent, instant, Secret, type Stamped } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import type { SqlRow } from '../SqlPort.js'
import { ofHex } from './bytes.js'
import { problem } from './reason.js'

export const DAMAGED = 'the record is damaged'

const SHAPE = 'an answer of another shape'

/** A text that was asked for as one. */
export const textIn = (row: SqlRow | undefined, name: string): string => {
  const value = row?.[name]
  if (typeof value !== 'string') throw problem(SHAPE)
  return value
}

/** A whole number that was asked for as a text. */
export const numberIn = (row: SqlRow | undefined, name: string): number => {
  const text = textIn(row, name)
  if (!/^-?\d+$/.test(text)) throw problem(SHAPE)
  return Number(text)
}

/** A text that is kept as bytes. */
export const bytesIn = (row: SqlRow | undefined, name: string): string => {
  const text = ofHex(textIn(row, name))
  if (text === undefined) throw problem(DAMAGED)
  return text
}

/** What is under a key. */
export const stampedOf = (row: SqlRow | undefined): Stamped => ({
  ...(row?.['version'] === null
    ? { version: absent, record: O.none }
    : { version: bytesIn(row, 'version'), record: O.some(Secret.make('Record', bytesIn(row, 'record'))) }),
  now: O.some(instant(numberIn(row, 'now'))),
})
