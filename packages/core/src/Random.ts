/**
 * The randomness capability, and what is drawn from it.
 *
 * @packageDocumentation
 */
import type { IO } from 'fp-ts/lib/IO.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** A cryptographic source of random bytes. */
export interface Random {
  readonly bytes: (size: number) => IO<Uint8Array>
}

/** The slice of an environment that has randomness. */
export interface RandomEnv {
  readonly random: Random
}

// -----------------------------------------------------------------------------
// draws
// -----------------------------------------------------------------------------

const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** So many characters are drawn at a time: they are arguments of one call, and those are on the stack. */
const PIECE = 1_024

/** A text of `length` characters of `[A-Za-z0-9]`, each equally likely (5.95 bits a character). */
export const alphanumeric =
  (length: number) =>
  (random: Random): IO<string> =>
  () => {
    let text = ''
    while (text.length < length) {
      const wanted = Math.min(length - text.length, PIECE)
      const codes: Array<number> = []
      // A few more than needed: one in 32 is passed over.
      for (const byte of random.bytes(wanted + 8)()) {
        // 248 is the largest multiple of 62 in a byte: what lies above would favour the first letters.
        if (byte < 248 && codes.length < wanted) codes.push(ALPHANUMERIC.charCodeAt(byte % 62))
      }
      // A text that grows letter by letter is kept in pieces by V8, at many times its size.
      text += String.fromCharCode(...codes)
    }
    return text
  }

/** A nonce: 22 characters, 131 bits. Names a flight, a version or an attempt; never reused. */
export const nonce: (random: Random) => IO<string> = alphanumeric(22)

/** A number in [0, 1), uniform in steps of 2⁻³². */
export const uniform =
  (random: Random): IO<number> =>
  () =>
    random
      .bytes(4)()
      .reduce((sum, byte) => (sum + byte) / 256, 0)
