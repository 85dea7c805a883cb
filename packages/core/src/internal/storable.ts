import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Secret from '../Secret.js'
import type { TokenSet } from '../TokenSet.js'

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const isSerializable = (value: unknown): boolean => {
  try {
    return JSON.stringify(value) !== undefined
  } catch {
    return false
  }
}

/**
 * A token as a record can hold it. A strategy of the application's may answer what its type forbids; after a rotation that is no
 * reason to lose the token, so what cannot be written is left out.
 */
export const storable = (token: TokenSet): TokenSet => {
  const isWhole = Array.from(token.members.values()).every((member) => isJson(Secret.open(member)))
  return {
    ...token,
    issuedAt: pipe(token.issuedAt, O.filter(Number.isFinite)),
    expiresAt: pipe(token.expiresAt, O.filter(Number.isFinite)),
    restrictedTo: isSerializable(token.restrictedTo) ? token.restrictedTo : [],
    members: isWhole
      ? token.members
      : new Map(Array.from(token.members).filter(([, member]) => isJson(Secret.open(member)))),
  }
}
