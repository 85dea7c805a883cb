import type { AuthError } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import type { DeadGrant, Provider } from '../Provider.js'

const isText = (text: O.Option<string>, is: (text: string) => boolean): boolean => O.isSome(text) && is(text.value)

/** An error of a token request, marked where this provider means `invalid_grant` by it. Its words stay the server's own. */
export const markDeadGrant =
  ({ deadGrants }: Provider) =>
  (error: AuthError): AuthError => {
    if (error._tag !== 'Rejected') return error
    const { answer } = error
    const means = ({ error: code, description }: DeadGrant): boolean =>
      isText(answer.error, (text) => text === code) &&
      (description === undefined || isText(answer.description, (text) => description.test(text)))
    return deadGrants.some(means) ? { ...error, invalidGrant: true } : error
  }
