import type { AuthError } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import type { Client } from '../Client.js'
import type { GrantError, Provider } from '../Provider.js'

const isText = (text: O.Option<string>, is: (text: string) => boolean): boolean => O.isSome(text) && is(text.value)

const ASSERTION = /assertion/i
const REFRESH_TOKEN = /refresh[ _]?token/i

const isByAssertion = (client: Client | undefined): boolean =>
  client !== undefined && ('signer' in client.authentication || 'assertion' in client.authentication)

/**
 * Whether words can only be about the refresh token. An assertion is a token too: words that name one are about that, and where the client
 * proves by one who it is, a token without a name may be either.
 */
const isAboutRefreshToken = (client: Client | undefined, words: string): boolean =>
  !ASSERTION.test(words) && (!isByAssertion(client) || REFRESH_TOKEN.test(words))

/**
 * An error of a token request, marked where this provider means `invalid_grant` by it, or does not though it says so. Its words stay
 * the server's own. In the answer to another grant than a refresh they are about another token, which ends no session.
 */
export const markDeadGrant =
  ({ deadGrants, busyGrants }: Provider, client: Client | undefined) =>
  (grantType: string) =>
  (error: AuthError): AuthError => {
    if (error._tag !== 'Rejected') return error
    const { answer } = error
    const says = ({ error: code, description }: GrantError): boolean =>
      isText(answer.error, (text) => text === code) &&
      (description === undefined || isText(answer.description, (text) => description.test(text)))
    const isAbout = (text: string, { error: code, description }: GrantError): boolean =>
      // Any other code is about the session, whatever its words name.
      (code !== 'invalid_token' && description === undefined) || isAboutRefreshToken(client, `${code} ${text}`)
    const isDead = (grant: GrantError): boolean =>
      says(grant) && (O.isNone(answer.description) || isAbout(answer.description.value, grant))
    if (busyGrants.some(says)) return { ...error, invalidGrant: false }
    return grantType === 'refresh_token' && deadGrants.some(isDead) ? { ...error, invalidGrant: true } : error
  }
