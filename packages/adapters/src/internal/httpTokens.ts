/**
 * Whose tokens a client of HTTP sends, and where they may go.
 *
 * @packageDocumentation
 */
import { AuthError, type Tokens } from '@tessera/core'
import { secureOrigins } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'

/** Whose tokens a client of HTTP sends, and where they may go. */
export interface HttpTokens {
  readonly tokens: Tokens
  /** The only origins that get the token: `https://api.example`, say. All https, but for this machine's and those of `allowHttp`. */
  readonly origins: ReadonlyArray<string>
  /** http origins of other machines that may be among them: `['http://api:8080']`. Default: none. */
  readonly allowHttp?: ReadonlyArray<string> | undefined
}

/** Whether the token may go to a URL. Throws the typed error of an origin that must not get one. */
export const mayGet = ({ origins: urls, allowHttp }: HttpTokens): ((url: string | undefined) => boolean) => {
  const secure = secureOrigins({ field: 'origins', urls, allowHttp })
  if (E.isLeft(secure)) throw AuthError.toError(secure.left)
  const origins = new Set(secure.right)
  return (url) => url !== undefined && URL.canParse(url) && origins.has(new URL(url).origin)
}
