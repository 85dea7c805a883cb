/**
 * AWS credentials by a web identity, under the life cycle of a source.
 *
 * @packageDocumentation
 */
import {
  type Argument,
  type Attempt,
  AuthError,
  checking,
  instant,
  Secret,
  type ServerAnswer,
  Strategy,
  TokenSet,
  type Tokens,
} from '@tessera/core'
import {
  type Endpoint,
  endpoint,
  type HttpFailure,
  type HttpResponse,
  refusal,
  type SubjectToken,
  serverAnswer,
  type TokenEnv,
} from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { handOut } from './internal/handed.js'

/** The parameters of {@link assumeRoleWithWebIdentity}. */
export interface AssumeRoleWithWebIdentityOptions {
  /** A token of an identity provider that the role trusts: `SubjectToken.ofTokens({ tokens, token: 'id' })`, `fileToken`, … */
  readonly subject: SubjectToken
  /** `arn:aws:iam::123456789012:role/deploy`. */
  readonly roleArn: string
  /** What the session is called in AWS's logs: 2 to 64 letters, digits and `=,.@-`. */
  readonly roleSessionName: string
  /** Of the security token service. Its endpoint follows from it. */
  readonly region: string
  /** In s, 900 at least. Default: what the role says, mostly an hour. */
  readonly durationSeconds?: number | undefined
  /** Another endpoint than the region's: https, or http on this machine. */
  readonly endpoint?: string | undefined
}

const [ID, SECRET] = ['AccessKeyId', 'SecretAccessKey']
const MAX_BYTES = 65_536

/** A text element of an XML answer. None that is read here has entities in it. */
const element = (xml: string, name: string): string | undefined =>
  new RegExp(`<${name}>([^<]+)</${name}>`).exec(xml)?.[1]

const urlOf = (region: string): string => `https://sts.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}/`

const unsent = ({ _tag, cause, reason }: HttpFailure, url: string): AuthError => {
  if (_tag === 'Lost') return AuthError.outcomeUnknown({ url, reason, answer: O.none, repeatable: true })
  if (cause === 'abort') return AuthError.aborted
  return cause === 'deadline' ? AuthError.timedOut(`a connection to ${url}`) : AuthError.unreachable(url, reason)
}

const credentialsIn = (xml: string, answer: ServerAnswer): E.Either<AuthError, TokenSet> => {
  const [id, secret, session] = [ID, SECRET, 'SessionToken'].map((name) => element(xml, name))
  const end = Date.parse(element(xml, 'Expiration') ?? '')
  if (id === undefined || secret === undefined || session === undefined || Number.isNaN(end)) {
    const expected = 'one of AssumeRoleWithWebIdentity'
    return E.left(
      AuthError.malformed({ what: 'answer of STS', path: '', expected, answer: O.some(answer), repeatable: true }),
    )
  }
  const members = new Map([
    [ID, Secret.make('Member', JSON.stringify(id))],
    [SECRET, Secret.make('Member', JSON.stringify(secret))],
  ])
  return E.right(
    TokenSet.make(Secret.make('AccessToken', session), { tokenType: 'N_A', expiresAt: O.some(instant(end)), members }),
  )
}

/** STS says its errors in XML. */
const answerOf = (response: HttpResponse, url: string, subject: Secret, { clock }: TokenEnv): ServerAnswer => {
  const secrets = [subject]
  const xml = Secret.redact(secrets)(Secret.open(response.body))
  const answer = serverAnswer({ method: 'POST', url, secrets })(response, clock.now())
  return {
    ...answer,
    error: O.fromNullable(element(xml, 'Code')),
    description: O.fromNullable(element(xml, 'Message')),
    requestId: O.fromNullable(element(xml, 'RequestId')),
  }
}

const assume =
  (to: Endpoint, parameters: Readonly<Record<string, string>>, { deadline, signal }: Attempt, env: TokenEnv) =>
  (subject: Secret): TE.TaskEither<AuthError, TokenSet> =>
    pipe(
      env.http.send({
        method: 'POST',
        url: to.url,
        headers: [['content-type', 'application/x-www-form-urlencoded']],
        body: O.some(
          Secret.make(
            'Body',
            new URLSearchParams({ ...parameters, WebIdentityToken: Secret.open(subject) }).toString(),
          ),
        ),
        deadline,
        signal,
        maxBytes: MAX_BYTES,
      }),
      TE.mapLeft((failure) => unsent(failure, to.shown)),
      TE.flatMapEither((response) => {
        const answer = answerOf(response, to.shown, subject, env)
        return answer.status === 200 ? credentialsIn(Secret.open(response.body), answer) : E.left(refusal(answer, true))
      }),
    )

const TEXT: Argument = { is: (value) => typeof value === 'string' && value !== '', expected: 'a text' }

/**
 * Credentials of a role by the token of another identity provider (`AssumeRoleWithWebIdentity`), as a strategy: a source keeps them, renews
 * them once for all processes that share its store, and hands them out by {@link awsCredentials}. The subject's token is read anew for each
 * request, so that a session of `@tessera/oauth2` goes on being renewed for itself. STS's own error is kept: `ExpiredTokenException`, say.
 *
 * @example
 * import { assumeRoleWithWebIdentity } from '@tessera/adapters/aws'
 * import type { TokenSource } from '@tessera/core'
 * import { SubjectToken } from '@tessera/oauth2'
 *
 * const roleOf = (tokens: TokenSource) =>
 *   assumeRoleWithWebIdentity({
 *     subject: SubjectToken.ofTokens({ tokens, token: 'id' }),
 *     roleArn: 'arn:aws:iam::123456789012:role/deploy',
 *     roleSessionName: 'reports',
 *     region: 'eu-central-1',
 *   })
 * assert.strictEqual(typeof roleOf, 'function')
 */
export const assumeRoleWithWebIdentity: (options: AssumeRoleWithWebIdentityOptions) => Strategy<TokenEnv> = checking(
  'assumeRoleWithWebIdentity takes { subject, roleArn, roleSessionName, region }',
  {
    subject: { is: (value) => typeof value === 'function', expected: 'a SubjectToken' },
    roleArn: TEXT,
    roleSessionName: TEXT,
    region: TEXT,
  },
  Strategy.left,
  ({ subject, roleArn, roleSessionName, region, durationSeconds, endpoint: given = urlOf(region) }) => {
    const to = endpoint('endpoint', O.some(given), [])
    if (E.isLeft(to)) return Strategy.left(to.left)
    const parameters = {
      Action: 'AssumeRoleWithWebIdentity',
      Version: '2011-06-15',
      RoleArn: roleArn,
      RoleSessionName: roleSessionName,
      ...(durationSeconds !== undefined && { DurationSeconds: String(durationSeconds) }),
    }
    return Strategy.make(
      {},
      (attempt) => (env: TokenEnv) =>
        pipe(subject(attempt)(env), TE.flatMap(assume(to.right, parameters, attempt, env))),
    )
  },
)

/** `AwsCredentialIdentity` of AWS's SDK. */
export interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  readonly expiration?: Date
}

const noCredentials = AuthError.misconfigured(
  'tokens',
  'they are no AWS credentials: those of assumeRoleWithWebIdentity are',
)

/**
 * The credentials of a source over {@link assumeRoleWithWebIdentity}, for `credentials` of a client of AWS's SDK. The SDK keeps them until
 * five minutes before their end, and asks again then, any number of times: `fromWebToken` takes a token that never changes. It says nothing
 * of credentials that AWS refuses.
 *
 * @example
 * import { awsCredentials } from '@tessera/adapters/aws'
 * import type { TokenSource } from '@tessera/core'
 * import { STSClient } from '@aws-sdk/client-sts'
 *
 * const clientOf = (tokens: TokenSource) => new STSClient({ region: 'eu-central-1', credentials: awsCredentials(tokens) })
 * assert.strictEqual(typeof clientOf, 'function')
 */
export const awsCredentials =
  (tokens: Tokens): (() => Promise<AwsCredentials>) =>
  async () => {
    const { token, text } = await handOut(tokens)
    const [id, secret] = [ID, SECRET].map((name) => token.members.get(name))
    if (id === undefined || secret === undefined) throw AuthError.toError(noCredentials)
    return {
      accessKeyId: String(JSON.parse(Secret.open(id))),
      secretAccessKey: String(JSON.parse(Secret.open(secret))),
      sessionToken: text,
      ...(O.isSome(token.expiresAt) && { expiration: new Date(token.expiresAt.value) }),
    }
  }
