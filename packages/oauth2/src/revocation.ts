/**
 * Token revocation (RFC 7009).
 *
 * @packageDocumentation
 */
import { AuthError, checking, type Ends, type Limits, type Revoker, type Secret, type TokenSet } from '@tessera/core'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import type { Options } from './AuthorizationServer.js'
import type { Client } from './Client.js'
import { basic } from './ClientAuthentication.js'
import type { Parameter } from './Grant.js'
import { optional, TEXT } from './internal/arguments.js'
import { withToken } from './internal/bearer.js'
import { CLIENT } from './internal/clientArguments.js'
import { type Authenticate, anonymous, authenticate } from './internal/credentials.js'
import { isDpopToken } from './internal/dpopToken.js'
import { endpoint } from './internal/endpoint.js'
import { errorInside } from './internal/errorInside.js'
import { post } from './internal/post.js'
import { redeeming } from './internal/redeeming.js'
import type { Answered } from './internal/transfer.js'
import { type Provider, rfc } from './Provider.js'
import type { TokenEnv } from './TokenEnv.js'

/** The parameters of {@link revocation}. */
export interface RevocationOptions {
  readonly client: Client
  /**
   * Which token is sent. Every server ends the whole grant by the refresh token, not every one by the access token (RFC 7009
   * §2.1). Default: the one of the server's provider, `refresh` for `Provider.rfc`. Where there is no refresh token, the access token
   * is sent anyway. Where the server says that it does not know the one, the other is sent: it may be alive all the same.
   */
  readonly token?: 'access' | 'refresh' | undefined
  /**
   * What the server ends by it. Default: what its provider says. With `all`, as for `Provider.rfc`, what a login has replaced is kept
   * in the record, and revoked with the session. Where only the one grant ends, as RFC 7009 §2.1 has it, say `grant`: it is revoked at
   * once then.
   */
  readonly ends?: Ends | undefined
}

type Which = NonNullable<RevocationOptions['token']>

/** The token that is sent, and which of the two it is. */
const tokenOf = (token: Which, { accessToken, refreshToken }: TokenSet): readonly [Secret, `${Which}_token`] =>
  token === 'refresh' && O.isSome(refreshToken) ? [refreshToken.value, 'refresh_token'] : [accessToken, 'access_token']

/**
 * The request's pure half, for a form or a JSON object. The hint says which of the two the token is (RFC 7009 §2.1): a server that
 * finds a token by its form looks in the wrong place without it, and answers 200 all the same.
 */
export const revocationParameters =
  ({
    provider = rfc,
    token = provider.revocation.token,
  }: Pick<RevocationOptions, 'token'> & Pick<Options, 'provider'> = {}): ((
    held: TokenSet,
  ) => ReadonlyArray<Parameter>) =>
  (held) => {
    const [sent, which] = tokenOf(token, held)
    const { parameter, hint } = provider.revocation
    return [[parameter === 'token' ? 'token' : which, sent], ...(hint ? [['token_type_hint', which] as const] : [])]
  }

/** The server does not revoke tokens of that kind (RFC 7009 §2.2.1). */
const isUnsupported = (error: AuthError): boolean =>
  error._tag === 'Rejected' && O.exists((code) => code === 'unsupported_token_type')(error.answer.error)

/** Who asks for a revocation. */
const asking = ({ revocation: { authentication } }: Provider, client: Client): Authenticate => {
  if (authentication === 'none') return anonymous
  return authenticate(
    authentication === 'basic' && client.authentication._tag === 'Post'
      ? { ...client, authentication: basic(client.authentication.secret) }
      : client,
  )
}

/**
 * Revokes at the client's revocation endpoint: as RFC 7009 has it, or as the server's provider says. Any 2xx is a success, with an empty
 * body too, unless its body is an error; so is an answer, of whatever status, that the server knows neither token of the pair, or
 * not the refresh token and does not revoke access tokens. After a 503 the token still exists (`Rejected`, retryable).
 *
 * **By the access token.** A server that revokes by the access token takes one that is alive. Where it has expired, and there is a
 * refresh token, that one is redeemed first, and what it gives is revoked. When the server refuses it by `invalid_grant`, the grant is
 * over: a success. When the answer of the redemption is lost, or the revocation after it fails, that is the error. What was redeemed is
 * kept by this revoker, in this process, until its revocation has succeeded: call it again. After a lost answer, or in another process,
 * the next call may find that the refresh token is spent. That is a success too: the server may still list the grant, but nobody has a
 * token of it.
 *
 * **What a success shows.** That the server took the request, and no more: it answers 200 also for a token that it does not know (RFC
 * 7009 §2.2), so that no client can tell a token that has been ended from one that was not found. Some servers do so in other cases,
 * too: Doorkeeper 5.5 once the access token has expired, `@jmondi/oauth2-server` 4.3 where the client's secret is wrong. To know, ask
 * the server: by a request of its API with the token, or by introspection (RFC 7662).
 *
 * `Misconfigured` where the server has no revocation endpoint, or a parameter is not text.
 *
 * @example
 * import { Client, revocation } from '@tessera/oauth2'
 *
 * const client = Client.make({
 *   id: 'app',
 *   secret: 's3cret',
 *   tokenEndpoint: 'https://as.example/token',
 *   revocationEndpoint: 'https://as.example/revoke',
 * })
 * assert.strictEqual(typeof revocation({ client }), 'function')
 */
export const revocation: (options: RevocationOptions) => Revoker<TokenEnv> = checking(
  'revocation takes { client, token?, ends? }',
  { client: CLIENT, token: optional(TEXT), ends: optional(TEXT) },
  (error) => () => () => RTE.left(error),
  ({ client, ...options }): Revoker<TokenEnv> => {
    const { revocationEndpoint, allowHttp, provider } = client.server
    const { ends = provider.revocation.ends, token: first = provider.revocation.token } = options
    const { method, as } = provider.revocation
    const refused = errorInside(provider, true)
    const to = endpoint('revocationEndpoint', revocationEndpoint, allowHttp)
    const asClient = post(to, asking(provider, client))
    const send =
      (which: Which, held: TokenSet) =>
      (limits: Required<Limits>): RTE.ReaderTaskEither<TokenEnv, AuthError, Answered> => {
        if (as === 'bearer') {
          const [token] = tokenOf(which, held)
          // A bearer token that was issued all the same is ended, although proofs are required.
          const dpop = isDpopToken(held) ? client.dpop : undefined
          return pipe(
            RTE.fromEither(to),
            RTE.flatMap((endpoint) => withToken(endpoint, method, { token, tokenType: held.tokenType, dpop })(limits)),
          )
        }
        const further = revocationParameters({ token: which, provider })(held)
        return asClient({ parameters: [], further, repeatable: true, method, as })(limits)
      }
    const request = (which: Which, held: TokenSet) => (limits: Required<Limits>) =>
      pipe(
        send(which, held)(limits),
        RTE.flatMap((answered) => {
          const error = refused(answered)
          return O.isSome(error) ? RTE.left(error.value) : RTE.right(undefined)
        }),
      )
    const other = (held: TokenSet) => (limits: Required<Limits>) =>
      pipe(
        request(first === 'access' ? 'refresh' : 'access', held)(limits),
        // Nothing is left that this server revokes. But a refresh token that it does not revoke may still be redeemed.
        RTE.orElse((error) => (first !== 'access' && isUnsupported(error) ? RTE.right(undefined) : RTE.left(error))),
      )
    const end: Revoker<TokenEnv> = (held) => (limits) =>
      pipe(
        request(first, held)(limits),
        // The end of a token that is unknown is not the end of the other one of its pair.
        RTE.orElse((error) =>
          AuthError.isUnknownToken(error) && O.isSome(held.refreshToken) ? other(held)(limits) : RTE.left(error),
        ),
        // A token that the server does not know is no error (RFC 7009 §2.2).
        RTE.orElse((error) => (AuthError.isUnknownToken(error) ? RTE.right(undefined) : RTE.left(error))),
      )
    return Object.assign(first === 'access' ? redeeming(client, end) : end, { ends })
  },
)
