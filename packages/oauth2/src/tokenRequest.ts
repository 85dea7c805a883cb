/**
 * The only place that sends to a token endpoint.
 *
 * @packageDocumentation
 */
import { type AuthError, checking, type Limits, type TokenSet } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import type { AuthorizationServer } from './AuthorizationServer.js'
import type { Client } from './Client.js'
import type { Grant, Parameter } from './Grant.js'
import { FUNCTION, optional } from './internal/arguments.js'
import { bound } from './internal/bound.js'
import { CLIENT_OR_SERVER } from './internal/clientArguments.js'
import { anonymous, authenticate } from './internal/credentials.js'
import { markDeadGrant } from './internal/deadGrant.js'
import { withoutEchoes } from './internal/echo.js'
import { endpoint } from './internal/endpoint.js'
import { unread } from './internal/errorInside.js'
import { failing } from './internal/failing.js'
import { post } from './internal/post.js'
import { checkedResources, resourceParameters } from './internal/resource.js'
import type { TokenEnv } from './TokenEnv.js'
import { type TokenResponseDecoder, tokenResponse } from './tokenResponse.js'

/** Who asks and whom: a client its server, or nobody in particular a server. */
export type ClientOrServer =
  | { readonly client: Client; readonly server?: undefined }
  | { readonly client?: undefined; readonly server: AuthorizationServer }

/** The parameters of {@link tokenRequest}. */
export type TokenRequestOptions = ClientOrServer & {
  /** Reads the answer. Default: `tokenResponse({ provider })`, with the server's. */
  readonly decode?: TokenResponseDecoder | undefined
}

/**
 * Sends a grant, as a client or without one, and decodes the answer. The order of its parameters: `grant_type`, the grant's
 * parameters, the client's authentication, the grant's further parameters, the client's resources, the client's parameters. The endpoint, the
 * client's authentication and the decoder are prepared once. A secret of the request, of 8 characters or more, that the answer
 * echoes in a public member (`scope`, `token_type`, `restricted_to`, `issued_token_type`) is redacted there.
 *
 * An answer of success that has an `error` and no token is the error that it says, whoever sends it.
 *
 * A client with `dpop` sends a proof with each request (RFC 9449 §5), and the token remembers the key. Where the server wants a nonce in
 * it, the request is sent once more: it has consumed nothing (§8). A server may issue a bearer token all the same (§5), which is
 * `Malformed` where the client's `dpop` is `required`; that of a refresh is not, since it would be lost with the session.
 *
 * Errors: `Misconfigured` (the endpoint, a resource, a parameter that is not text, or one that is there twice and is not `resource` or
 * `audience`), `Aborted`, `TimedOut` and `Unreachable` (nothing was sent), `Rejected`, `OutcomeUnknown`, `Malformed`.
 *
 * @example
 * import { Client, tokenRequest } from '@tessera/oauth2'
 *
 * const client = Client.make({ id: 'app', secret: 's3cret', tokenEndpoint: 'https://as.example/token' })
 * const send = tokenRequest({ client })
 * const request = send({ type: 'client_credentials', parameters: [], further: [], repeatable: true })
 * assert.strictEqual(typeof request, 'function')
 */
export const tokenRequest: (
  options: TokenRequestOptions,
) => (grant: Grant) => (limits: Required<Limits>) => ReaderTaskEither<TokenEnv, AuthError, TokenSet> = checking(
  'tokenRequest takes { client | server, decode? }',
  { ...CLIENT_OR_SERVER, decode: optional(FUNCTION) },
  (error) => () => failing(error),
  ({ decode: given, ...from }) => {
    const { client } = from
    const { tokenEndpoint, allowHttp, provider } = client === undefined ? from.server : client.server
    const dpop = client?.dpop
    const decode = given ?? tokenResponse({ provider, proved: dpop !== undefined })
    const mark = markDeadGrant(provider, client)
    const send = post(
      endpoint('tokenEndpoint', O.fromNullable(tokenEndpoint), allowHttp),
      client === undefined ? anonymous : authenticate(client),
      dpop,
    )
    const resources = checkedResources(client?.resource ?? [])
    if (E.isLeft(resources)) return () => failing(resources.left)
    const own: ReadonlyArray<Parameter> = [
      ...resourceParameters(resources.right),
      ...Object.entries(client?.parameters ?? {}),
    ]
    return ({ type, parameters, further, repeatable, signedAnew = false }) => {
      const marked = mark(type)
      const read = dpop === undefined ? decode : bound(dpop, decode, type)
      const request = send({
        parameters: [['grant_type', type], ...parameters],
        further: [...further, ...own],
        repeatable,
        as: provider.requests,
        again: !signedAnew,
      })
      return (limits) => (env) => async () => {
        const sent = await request(limits)(env)()
        if (E.isLeft(sent)) return E.left(marked(sent.left))
        const { body, sentAt, secrets } = sent.right
        const decoded = read(body, sentAt)
        return E.isRight(decoded)
          ? E.right(withoutEchoes(secrets)(decoded.right))
          : E.left(marked(unread(provider, repeatable)(sent.right)(decoded.left)))
      }
    }
  },
)
