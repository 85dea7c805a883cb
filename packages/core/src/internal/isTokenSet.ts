import * as Secret from '../Secret.js'
import { type Is, isFiniteNumber, isOption, isText, shaped } from './shapes.js'
import type { TokenSet } from './tokenSet.js'

const MEMBERS: { readonly [Name in keyof TokenSet]: Is } = {
  accessToken: Secret.is,
  refreshToken: isOption(Secret.is),
  issuedAt: isOption(isFiniteNumber),
  expiresAt: isOption(isFiniteNumber),
  scope: (value) => Array.isArray(value) && value.every(isText),
  tokenType: isText,
  restrictedTo: Array.isArray,
  issuedTokenType: isOption(isText),
  subject: isOption(isText),
  jkt: isOption(isText),
  members: (value) => value instanceof Map && Array.from(value.values()).every(Secret.is),
}

const hasMembers = shaped(MEMBERS)

export const isTokenSet = (value: unknown): value is TokenSet => hasMembers(value)
