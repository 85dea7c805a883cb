/**
 * A token that somebody else issued, as a value: a file that a cluster rotates, the address of a cloud's metadata.
 *
 * @packageDocumentation
 */
import { AuthError, type Limits, Secret, type Strategy, type TokenSet, type Tokens } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { endpoint } from './internal/endpoint.js'
import { decodeJson, malformedAt } from './internal/json.js'
import { transfer } from './internal/transfer.js'
import type { TokenEnv } from './TokenEnv.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/**
 * Who asks, by a token that the server believes: a workload's identity, or a person's ID token. It is read for each request, so that one
 * that was rotated is never sent after its end.
 */
export type SubjectToken = (limits: Required<Limits>) => RTE.ReaderTaskEither<TokenEnv, AuthError, Secret>

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

const idTokenOf = ({ members }: TokenSet): E.Either<AuthError, Secret> =>
  pipe(
    O.fromNullable(members.get('id_token')),
    O.flatMap((member) => O.tryCatch((): unknown => JSON.parse(Secret.open(member)))),
    O.filter((value) => typeof value === 'string' && value !== ''),
    E.fromOption(() =>
      AuthError.notApplicable('the session has no ID token: ask for the scope openid when the login begins'),
    ),
    E.map((value) => Secret.make('IdToken', String(value))),
  )

/** The parameters of {@link ofTokens}. */
export interface OfTokensOptions {
  readonly tokens: Tokens
  /** Which token of the session: `access`, or the ID token that came with it. Default: `access`. */
  readonly token?: 'access' | 'id' | undefined
}

/** The token of a session, which goes on being renewed for itself. */
export const ofTokens =
  ({ tokens, token = 'access' }: OfTokensOptions): SubjectToken =>
  (limits) =>
  () =>
    pipe(
      tokens.within(limits).get,
      TE.flatMapEither((held) => (token === 'id' ? idTokenOf(held) : E.right(held.accessToken))),
    )

/**
 * What a strategy gives, asked anew for each request: the assertion that a token exchange issues, say. Nothing else of it is kept, so it
 * is not for one that has a refresh token.
 *
 * @example
 * import { Client, SubjectToken, subjectAssertion, subjectExchange } from '@tessera/oauth2'
 * import { fileToken } from '@tessera/node'
 *
 * // An identity assertion (ID-JAG): a token exchange at the issuer, then a JWT bearer grant at the API's server.
 * const issuer = Client.make({ id: 'app', secret: 's3cret', tokenEndpoint: 'https://idp.example/token' })
 * const client = Client.make({ id: 'app2', secret: 's3cret2', tokenEndpoint: 'https://as.example/token' })
 * const assertion = subjectExchange({
 *   client: issuer,
 *   subject: fileToken({ file: '/run/id-token' }),
 *   subjectTokenType: 'urn:ietf:params:oauth:token-type:id_token',
 *   requestedTokenType: 'urn:ietf:params:oauth:token-type:id-jag',
 *   audience: 'https://as.example',
 * })
 * const strategy = subjectAssertion({ client, subject: SubjectToken.ofStrategy(assertion) })
 * assert.strictEqual(typeof strategy, 'function')
 */
export const ofStrategy =
  (strategy: Strategy<TokenEnv>): SubjectToken =>
  (limits) =>
    pipe(
      strategy({ ...limits, previous: O.none }),
      RTE.map(({ accessToken }) => accessToken),
    )

/** The parameters of {@link ofEndpoint}. */
export interface OfEndpointOptions {
  /** Where a token is issued to whoever may reach it: https, http on this machine, or http at an origin that `allowHttp` lists. */
  readonly url: string
  /** What the endpoint asks of its callers. A value that must not be seen is a Secret. */
  readonly headers?: Readonly<Record<string, string | Secret>> | undefined
  /** The member of a JSON answer that is the token: `access_token`, say. Default: the answer itself is. */
  readonly member?: string | undefined
  /** Default: none. */
  readonly allowHttp?: ReadonlyArray<string> | undefined
}

const WHAT = 'subject token'
const VISIBLE = 'a text of visible ASCII characters'

/**
 * A text as a subject token, without white space around it. `Malformed` where it is none: a page for people, say.
 *
 * @example
 * import { SubjectToken } from '@tessera/oauth2'
 *
 * assert.strictEqual(SubjectToken.parse('eyJhbGciOi.J9\n')._tag, 'Right')
 */
export const parse = (text: string, path = 'body'): E.Either<AuthError, Secret> =>
  pipe(
    text.trim(),
    E.fromPredicate(
      (token) => /^[\x21-\x7e]+$/.test(token),
      () => AuthError.malformed({ what: WHAT, path, expected: VISIBLE, repeatable: true }),
    ),
    E.map((token) => Secret.make('SubjectToken', token)),
  )

/** A secret of a header, and what of it comes after its scheme: a server may echo that alone. */
const partsOf = (value: Secret): ReadonlyArray<Secret> => {
  const [, credentials = ''] = Secret.open(value).split(' ')
  return credentials === '' ? [value] : [value, Secret.make('Authorization', credentials)]
}

const readJson = decodeJson(WHAT, t.UnknownRecord)

const tokenIn =
  (member: string | undefined) =>
  (body: Secret<'Body'>): E.Either<AuthError, Secret> =>
    member === undefined
      ? parse(Secret.open(body))
      : pipe(
          readJson(body),
          E.flatMap(({ [member]: token }) => parse(typeof token === 'string' ? token : '', member)),
        )

/**
 * What an address of the platform issues to those who can reach it: one GET, without a redirect. It consumes nothing, so that a lost answer
 * may be asked for again.
 *
 * @example
 * import { SubjectToken } from '@tessera/oauth2'
 *
 * const subject = SubjectToken.ofEndpoint({
 *   url: 'http://169.254.169.254/metadata/token?audience=me',
 *   headers: { metadata: 'true' },
 *   member: 'access_token',
 *   allowHttp: ['http://169.254.169.254'],
 * })
 * assert.strictEqual(typeof subject, 'function')
 */
export const ofEndpoint = ({ url, headers = {}, member, allowHttp }: OfEndpointOptions): SubjectToken => {
  const to = endpoint('url', O.fromNullable(url), allowHttp)
  const read = tokenIn(member)
  const all = Object.entries(headers)
  const secrets = all.flatMap(([, value]) => (Secret.is(value) ? partsOf(value) : []))
  return (limits) => (env) =>
    pipe(
      TE.fromEither(to),
      TE.flatMap((endpoint) =>
        transfer(
          {
            endpoint,
            method: 'GET',
            headers: [['accept-encoding', 'identity'], ...all],
            body: O.none,
            secrets,
            repeatable: true,
          },
          limits,
          env,
        ),
      ),
      TE.flatMapEither(({ body, answer }) => pipe(read(body), E.mapLeft(malformedAt(answer(), true)))),
    )
}
