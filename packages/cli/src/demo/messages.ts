/**
 * What the tour and the processes that it starts say to each other.
 */
import { createHash } from 'node:crypto'
import { Secret, type TokenSet } from '@tessera/core'
import * as t from 'io-ts'

/** All that a process needs in order to share a session. */
export const Sharing = t.type({
  server: t.string,
  clientId: t.string,
  clientSecret: t.string,
  /** The URL of the store, and the variables that it is opened with. */
  store: t.string,
  variables: t.record(t.string, t.string),
  key: t.string,
  /** By how much the tour's clock is ahead, in ms. */
  moved: t.number,
})
export type Sharing = t.TypeOf<typeof Sharing>

/** To a process: answered by an {@link Answer} of the same number. */
export const Request = t.intersection([
  t.type({ id: t.number }),
  t.union([
    t.type({ ask: t.literal('share'), sharing: Sharing }),
    t.type({ ask: t.literal('get') }),
    t.type({ ask: t.literal('travel'), ms: t.number }),
    t.type({ ask: t.literal('close') }),
  ]),
])
export type Request = t.TypeOf<typeof Request>

/** From a process: what it did, or the error that it met. */
export const Answer = t.union([t.type({ id: t.number, value: t.string }), t.type({ id: t.number, error: t.string })])
export type Answer = t.TypeOf<typeof Answer>

/** From a process, unasked: secrets that it has seen, so that the tour can look for them; or that a login is due. */
export const News = t.union([t.type({ secrets: t.array(t.string) }), t.type({ lost: t.literal(true) })])
export type News = t.TypeOf<typeof News>

/** Tells tokens apart without telling them. */
export const fingerprint = ({ accessToken }: TokenSet): string =>
  createHash('sha256').update(Secret.open(accessToken)).digest('hex')
