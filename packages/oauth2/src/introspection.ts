/**
 * Token introspection (RFC 7662): whether a token is alive, and what it is for.
 *
 * @packageDocumentation
 */
import { type AuthError, checking, type Instant, instant, type Limits, Secret } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import type { Client } from './Client.js'
import type { Parameter } from './Grant.js'
import { CLIENT } from './internal/clientArguments.js'
import { authenticate } from './internal/credentials.js'
import { endpoint } from './internal/endpoint.js'
import { unread } from './internal/errorInside.js'
import { decodeMembers, given, member, SECONDS, TEXT, TEXTS } from './internal/members.js'
import { post } from './internal/post.js'
import { grantedScopes } from './internal/scope.js'
import { type Provider, rfc } from './Provider.js'
import type { TokenEnv } from './TokenEnv.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** A token that is alive, as the server knows it. What it does not say is none. */
export interface ActiveToken {
  readonly active: true
  readonly scope: ReadonlyArray<string>
  readonly clientId: O.Option<string>
  readonly username: O.Option<string>
  readonly tokenType: O.Option<string>
  readonly expiresAt: O.Option<Instant>
  readonly issuedAt: O.Option<Instant>
  readonly notBefore: O.Option<Instant>
  readonly subject: O.Option<string>
  readonly audience: ReadonlyArray<string>
  readonly issuer: O.Option<string>
  readonly id: O.Option<string>
  /** All members of the answer, the server's own too. */
  readonly members: Readonly<Record<string, unknown>>
}

/** What a server says of a token. Of one that is not alive it says nothing else (RFC 7662 §2.2). */
export type Introspection = ActiveToken | { readonly active: false }

/** The parameters of {@link introspection}. */
export interface IntrospectionOptions {
  readonly client: Client
}

/** What is asked about. */
export interface IntrospectionParameters {
  /** Which of the two the token is: a server that finds a token by its form looks there first. Default: it is not said. */
  readonly hint?: 'access_token' | 'refresh_token' | undefined
}

// -----------------------------------------------------------------------------
// halves
// -----------------------------------------------------------------------------

/** The request's pure half (RFC 7662 §2.1). */
export const introspectionParameters = (
  token: Secret,
  { hint }: IntrospectionParameters = {},
): ReadonlyArray<Parameter> => [['token', token], ...(hint === undefined ? [] : [['token_type_hint', hint] as const])]

const decode = decodeMembers(
  'introspection response',
  { active: member('true or false', (value): value is boolean => typeof value === 'boolean') },
  {
    scope: TEXT,
    client_id: TEXT,
    username: TEXT,
    token_type: TEXT,
    exp: SECONDS,
    iat: SECONDS,
    nbf: SECONDS,
    sub: TEXT,
    aud: member(
      'a text or a list of texts',
      (value): value is string | ReadonlyArray<string> => TEXT.is(value) || TEXTS.is(value),
    ),
    iss: TEXT,
    jti: TEXT,
  },
)

const date = (value: number | string | null | undefined): O.Option<Instant> =>
  pipe(
    given(value),
    O.map((at) => instant(Number(at) * 1_000)),
  )

/** The answer's pure half (RFC 7662 §2.2). An `active` that is not there, or no boolean, is `Malformed`: no token is alive by default. */
export const introspectionResponse =
  (provider: Provider = rfc) =>
  (body: Secret<'Body'>): E.Either<AuthError, Introspection> =>
    pipe(
      decode(body),
      E.map((answer): Introspection => {
        if (!answer.active) return { active: false }
        return {
          active: true,
          scope: grantedScopes(provider, answer.scope ?? ''),
          clientId: given(answer.client_id),
          username: given(answer.username),
          tokenType: given(answer.token_type),
          expiresAt: date(answer.exp),
          issuedAt: date(answer.iat),
          notBefore: date(answer.nbf),
          subject: given(answer.sub),
          audience: pipe(
            given(answer.aud),
            O.match(
              () => [],
              (audience) => [audience].flat(),
            ),
          ),
          issuer: given(answer.iss),
          id: given(answer.jti),
          members: answer,
        }
      }),
    )

/**
 * Asks the server about a token, as a client that may ask: an API that is given one, mostly. `Misconfigured` where the server has no
 * introspection endpoint.
 *
 * What it says is about now. Whoever keeps it for longer takes a token that was revoked meanwhile.
 *
 * @example
 * import { Client, introspection } from '@tessera/oauth2'
 *
 * const client = Client.make({
 *   id: 'api',
 *   secret: 's3cret',
 *   tokenEndpoint: 'https://as.example/token',
 *   introspectionEndpoint: 'https://as.example/introspect',
 * })
 * const ask = introspection({ client })
 * assert.strictEqual(typeof ask, 'function')
 */
export const introspection: (
  options: IntrospectionOptions,
) => (
  token: Secret | string,
  parameters?: IntrospectionParameters,
) => (limits: Required<Limits>) => RTE.ReaderTaskEither<TokenEnv, AuthError, Introspection> = checking(
  'introspection takes { client }',
  { client: CLIENT },
  (error) => () => () => RTE.left(error),
  ({ client }) => {
    const { introspectionEndpoint, allowHttp, provider } = client.server
    const ask = post(endpoint('introspectionEndpoint', introspectionEndpoint, allowHttp), authenticate(client))
    const read = introspectionResponse(provider)
    return (token, parameters) => {
      const further = introspectionParameters(
        typeof token === 'string' ? Secret.make('AccessToken', token) : token,
        parameters,
      )
      const request = ask({ parameters: [], further, repeatable: true })
      return (limits) => (env) => async () => {
        const sent = await request(limits)(env)()
        return E.isLeft(sent) ? sent : pipe(read(sent.right.body), E.mapLeft(unread(provider, true)(sent.right)))
      }
    }
  },
)
