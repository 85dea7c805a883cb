import { createHash } from 'node:crypto'
import { problem } from './reason.js'

const LONE_SURROGATE = /\p{Surrogate}/u

/**
 * The UTF-8 of a text, as hexadecimal digits: the one form in which every driver hands over bytes alike. In the database they are
 * bytes, so that no collation, character set or rule about NUL touches them.
 */
export const toHex = (what: string, text: string): string => {
  // UTF-8 has no such text: another one would be kept.
  if (LONE_SURROGATE.test(text)) throw problem(`the ${what} is not Unicode text`)
  return Buffer.from(text, 'utf8').toString('hex')
}

const HEX = /^(?:[0-9a-f]{2})*$/i

/** The text again; none where it was none of ours. */
export const ofHex = (hex: string): string | undefined => {
  if (!HEX.test(hex)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(hex, 'hex'))
  } catch {
    return undefined
  }
}

/** What an index takes of a key, however long that is: the SHA-256 of its bytes. */
export const idOf = (keyHex: string): string => createHash('sha256').update(keyHex, 'hex').digest('hex')
