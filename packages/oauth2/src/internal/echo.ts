import { Secret, type TokenSet } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import { isRecord } from './isRecord.js'
import { visible } from './visible.js'

// A shorter one is in words by chance (`old` in `folder`), and these texts are data: a scope must not change.
const SHORTEST = 8

// A text without a secret stays as it is, to the letter.
const redactedBy = (secrets: ReadonlyArray<Secret>): ((text: string) => string) => {
  const redact = Secret.redact(secrets.filter((secret) => Secret.open(secret).length >= SHORTEST))
  return (text) => {
    if (text.length < SHORTEST) return text
    const seen = visible(text)
    const redacted = redact(seen)
    return redacted === seen ? text : redacted
  }
}

const everyText =
  (change: (text: string) => string) =>
  (value: unknown): unknown => {
    if (typeof value === 'string') return change(value)
    if (Array.isArray(value)) return value.map(everyText(change))
    if (!isRecord(value)) return value
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [change(name), everyText(change)(member)]))
  }

/** A token whose public texts, which end up in logs, do not show what a server echoes of the request's secrets. */
export const withoutEchoes =
  (secrets: ReadonlyArray<Secret>) =>
  (token: TokenSet): TokenSet => {
    const redact = redactedBy(secrets)
    return {
      ...token,
      // As one text: a secret may have a space.
      scope: token.scope.length === 0 ? [] : redact(token.scope.join(' ')).split(' '),
      tokenType: redact(token.tokenType),
      restrictedTo: token.restrictedTo.map(everyText(redact)),
      issuedTokenType: O.map(redact)(token.issuedTokenType),
    }
  }
