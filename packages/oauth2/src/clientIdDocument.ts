/**
 * A client whose id is the URL of a document about it (draft-ietf-oauth-client-id-metadata-document): it is registered nowhere.
 *
 * @packageDocumentation
 */
import { AuthError } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { type ClientMetadata, clientMetadata } from './clientMetadata.js'
import { parseUrl } from './internal/secureUrl.js'

const DOT = /^(?:\.|%2e){1,2}$/i

/** As it is written: a URL parser takes `..` away. */
const hasDots = (text: string): boolean => (text.split(/[?#]/, 1)[0] ?? '').split('/').some((part) => DOT.test(part))

const isDocumentUrl =
  (text: string) =>
  ({ protocol, username, password, pathname }: URL): boolean =>
    protocol === 'https:' && username === '' && password === '' && pathname !== '/' && !hasDots(text)

/**
 * A URL as a client's id: https, with a path, without `.` and `..` in it, without fragment and user (§3). `Misconfigured` otherwise. It is
 * compared as text: give it as the document is served.
 *
 * @example
 * import { clientIdUrl } from '@tessera/oauth2'
 * import * as E from 'fp-ts/lib/Either.js'
 *
 * const id = clientIdUrl('https://app.example/oauth/client.json')
 * assert.deepStrictEqual(id, E.right('https://app.example/oauth/client.json'))
 */
export const clientIdUrl = (url: string): E.Either<AuthError, string> =>
  pipe(
    typeof url === 'string' && !/[#\s\p{Cc}]/u.test(url) ? parseUrl(url) : O.none,
    O.filter(isDocumentUrl(url)),
    O.map(() => url),
    E.fromOption(() =>
      AuthError.misconfigured(
        'id',
        'it is not an https URL with a path and without fragment, user and dots, such as https://app.example/oauth/client.json',
      ),
    ),
  )

/** The parameters of {@link clientIdDocument}. */
export interface ClientIdDocumentOptions extends ClientMetadata {
  /** Where the document is served, and so the client's id. */
  readonly id: string
}

/** A document is public: nobody can have a secret in common with whoever reads it (§4.1). */
const SECRET = /^client_secret/

/**
 * The document to serve at the URL, as JSON (`content-type: application/json`). `Misconfigured` where the URL is no client's id, or the client
 * is to authenticate by a secret.
 *
 * @example
 * import { clientIdDocument } from '@tessera/oauth2'
 * import * as E from 'fp-ts/lib/Either.js'
 *
 * const document = clientIdDocument({
 *   id: 'https://app.example/oauth/client.json',
 *   name: 'Invoices',
 *   redirectUris: ['http://127.0.0.1/callback'],
 * })
 * assert.ok(E.isRight(document))
 * assert.strictEqual(document.right['client_id'], 'https://app.example/oauth/client.json')
 */
export const clientIdDocument = ({
  id,
  ...metadata
}: ClientIdDocumentOptions): E.Either<AuthError, Readonly<Record<string, unknown>>> =>
  pipe(
    clientIdUrl(id),
    E.map((url): Readonly<Record<string, unknown>> => ({ ...clientMetadata(metadata), client_id: url })),
    E.filterOrElse(
      (document) =>
        !SECRET.test(`${document['token_endpoint_auth_method']}`) &&
        !Object.keys(document).some((name) => SECRET.test(name)),
      () =>
        AuthError.misconfigured(
          'authenticationMethod',
          'the document is public, so that no secret can be of this client: none, private_key_jwt or a certificate',
        ),
    ),
  )
