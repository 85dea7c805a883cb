/**
 * The end of a person's session at the provider (OpenID Connect RP-Initiated Logout 1.0).
 *
 * @packageDocumentation
 */
import { AuthError, checking, Secret } from '@tessera/core'
import { type Client, endpoint } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { CLIENT } from './internal/arguments.js'

/** The parameters of {@link logoutUrl}. */
export interface LogoutUrlOptions {
  readonly client: Client
  /** The last ID token of the session, as `idTokenOf` reads it: by it the provider knows whose session it is, and asks less. */
  readonly idToken?: Secret<'IdToken'> | string | undefined
  /** Where the browser comes back to, as the client has registered it. */
  readonly postLogoutRedirectUri?: string | undefined
  /** Comes back with the browser: compare it, so that nobody else's link logs a person out. */
  readonly state?: Secret<'State'> | string | undefined
  /** Whom it is of, where there is no ID token: an address of mail, say. */
  readonly logoutHint?: string | undefined
  /** The languages of the provider's page, the best first: `['de-CH', 'en']`. */
  readonly uiLocales?: ReadonlyArray<string> | undefined
}

type Value = Secret | string | undefined

const textOf = (name: string, value: Value): E.Either<AuthError, ReadonlyArray<readonly [string, string]>> => {
  const text: unknown = Secret.is(value) ? Secret.open(value) : value
  if (text === undefined) return E.right([])
  return typeof text === 'string' && text !== ''
    ? E.right([[name, text]])
    : E.left(AuthError.misconfigured(name, 'it is empty or no text: leave it out, or is a setting missing?'))
}

/**
 * Where to send the browser of a person who logs out: after the session of this application has ended, by `source.revoke` say. It is for
 * that browser alone: the ID token is in it. `Misconfigured` where the server has no (good) `endSessionEndpoint`, or a parameter is empty.
 *
 * @example
 * import { Client } from '@tessera/oauth2'
 * import { logoutUrl } from '@tessera/oidc'
 * import * as E from 'fp-ts/lib/Either.js'
 *
 * const client = Client.make({
 *   id: 'app',
 *   tokenEndpoint: 'https://as.example/token',
 *   endSessionEndpoint: 'https://as.example/logout',
 * })
 * const url = logoutUrl({ client, postLogoutRedirectUri: 'https://app.example/', state: 'xyz' })
 * assert.deepStrictEqual(
 *   url,
 *   E.right(
 *     'https://as.example/logout?client_id=app&post_logout_redirect_uri=https%3A%2F%2Fapp.example%2F&state=xyz',
 *   ),
 * )
 */
export const logoutUrl: (options: LogoutUrlOptions) => E.Either<AuthError, string> = checking(
  'logoutUrl takes { client, … }',
  { client: CLIENT },
  (error) => E.left(error),
  ({ client, idToken, postLogoutRedirectUri, state, logoutHint, uiLocales }) => {
    const parameters: ReadonlyArray<readonly [string, Value]> = [
      ['id_token_hint', idToken],
      ['client_id', client.id],
      ['post_logout_redirect_uri', postLogoutRedirectUri],
      ['state', state],
      ['logout_hint', logoutHint],
      ['ui_locales', uiLocales?.join(' ')],
    ]
    return pipe(
      endpoint('endSessionEndpoint', client.server.endSessionEndpoint, client.server.allowHttp),
      E.bindTo('to'),
      E.bind('query', () =>
        pipe(
          parameters,
          E.traverseArray(([name, value]) => textOf(name, value)),
        ),
      ),
      E.map(({ to: { url }, query }) => {
        const given = new URLSearchParams(query.flat().map(([name, text]) => [name, text]))
        // A query of the endpoint's own is kept.
        return `${url}${url.includes('?') ? '&' : '?'}${given}`
      }),
    )
  },
)
