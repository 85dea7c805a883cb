import { AuthError, type ClockEnv, type Limits, Secret } from '@tessera/core'
import { AuthorizationServer, type HttpEnv, metadataResponse } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import * as t from 'io-ts'
import type { Place } from './place.js'

const MOST_BYTES = 1_048_576

const issuerIn = (body: Secret<'Body'>): O.Option<string> =>
  pipe(
    O.tryCatch((): unknown => JSON.parse(Secret.open(body))),
    O.filter(t.type({ issuer: t.string }).is),
    O.map(({ issuer }) => issuer),
  )

const isAt = (origin: string, issuer: string): boolean => URL.canParse(issuer) && new URL(issuer).origin === origin

/** The endpoints of a server without any metadata, and where nobody said who it is. */
const byDefault = (origin: string, allowHttp: ReadonlyArray<string>): AuthorizationServer =>
  AuthorizationServer.make({
    authorizationEndpoint: `${origin}/authorize`,
    tokenEndpoint: `${origin}/token`,
    registrationEndpoint: `${origin}/register`,
    allowHttp,
  })

/**
 * The authorization server of an MCP server of the revision 2025-03-26, at the same origin: by its metadata there, whose issuer may have any
 * path, or by the endpoints that the revision gives to a server without.
 */
export const legacyServer =
  (
    { url, allowHttp }: Pick<Place, 'url' | 'allowHttp'>,
    limits: Required<Limits>,
  ): ReaderTaskEither<HttpEnv & ClockEnv, AuthError, AuthorizationServer> =>
  ({ http }) =>
  async () => {
    const { origin } = new URL(url)
    const at = `${origin}/.well-known/oauth-authorization-server`
    const answer = await http.send({
      method: 'GET',
      url: at,
      headers: [
        ['accept', 'application/json'],
        ['accept-encoding', 'identity'],
        ['mcp-protocol-version', '2025-03-26'],
      ],
      body: O.none,
      ...limits,
      maxBytes: MOST_BYTES,
    })()
    if (E.isLeft(answer)) return E.left(AuthError.unreachable(at, answer.left.reason))
    const { status, body } = answer.right
    if (status >= 400 && status < 500) return E.right(byDefault(origin, allowHttp))
    const issuer = status === 200 ? issuerIn(body) : O.none
    if (O.isNone(issuer) || !isAt(origin, issuer.value)) {
      return E.left(
        AuthError.malformed({
          what: 'server metadata',
          path: 'issuer',
          expected: `a URL of ${origin}, from where it came`,
        }),
      )
    }
    return metadataResponse({ issuer: issuer.value, allowHttp })(body)
  }
