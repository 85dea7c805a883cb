import type { AuthError } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import type { GrantError, Provider } from '../Provider.js'

const isText = (text: O.Option<string>, is: (text: string) => boolean): boolean => O.isSome(text) && is(text.value)

/**
 * An error of a token request, marked where this provider means `invalid_grant` by it, or does not though it says so. Its words stay
 * the server's own.
 */
export const markDeadGrant =
  ({ deadGrants, busyGrants }: Provider) =>
  (error: AuthError): AuthError => {
    if (error._tag !== 'Rejected') return error
    const { answer } = error
    const says = ({ error: code, description }: GrantError): boolean =>
      isText(answer.error, (text) => text === code) &&
      (description === undefined || isText(answer.description, (text) => description.test(text)))
    if (busyGrants.some(says)) return { ...error, invalidGrant: false }
    return deadGrants.some(says) ? { ...error, invalidGrant: true } : error
  }
