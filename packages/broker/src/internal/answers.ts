/**
 * A token as the broker's own answer has it.
 */
import { between, type Instant, instant, iso, Secret, TokenSet } from '@tessera/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as t from 'io-ts'
import type { Given } from '../Broker.js'

/** Longer than any token lives, in s: for no longer can one be asked for. */
export const LONGEST = 86_400 * 366

export const TokenAnswer = t.type({
  access_token: t.string,
  token_type: t.string,
  expires_at: t.union([t.string, t.null]),
  issued_at: t.union([t.string, t.null]),
  scope: t.readonlyArray(t.string),
  profile: t.string,
})

export const tokenAnswer = ({ profile, token }: Given): t.TypeOf<typeof TokenAnswer> => ({
  access_token: Secret.open(token.accessToken),
  token_type: token.tokenType,
  expires_at: iso(token.expiresAt),
  issued_at: iso(token.issuedAt),
  scope: token.scope,
  profile,
})

/** How long it takes to an instant, in whole seconds, as `expires_in` says it. */
export const secondsUntil = (at: Instant, now: Instant): number => Math.max(0, Math.floor(between(now, at) / 1_000))

const instantIn = (text: string | null): O.Option<Instant> =>
  pipe(
    O.fromNullable(text),
    O.map((value) => instant(Date.parse(value))),
    O.filter((value) => Number.isFinite(value)),
  )

/** The token that an answer has. */
export const tokenIn = (answer: t.TypeOf<typeof TokenAnswer>): TokenSet =>
  TokenSet.make(Secret.make('AccessToken', answer.access_token), {
    tokenType: answer.token_type,
    expiresAt: instantIn(answer.expires_at),
    issuedAt: instantIn(answer.issued_at),
    scope: answer.scope,
  })
