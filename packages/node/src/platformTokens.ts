/**
 * Tokens that a platform issues to what runs on it, at an address of its own.
 *
 * @packageDocumentation
 */
import { AuthError, Secret } from '@tessera/core'
import { type OfEndpointOptions, SubjectToken } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'

/** Where to ask, found out at each use: a platform may change its variables. */
const at =
  (find: () => E.Either<AuthError, OfEndpointOptions>): SubjectToken =>
  (limits) =>
  (env) =>
    pipe(
      TE.fromIOEither(find),
      TE.flatMap((endpoint) => SubjectToken.ofEndpoint(endpoint)(limits)(env)),
    )

const variable = (name: string): string | undefined => (process.env[name] === '' ? undefined : process.env[name])

const withQuery = (url: string, query: Readonly<Record<string, string | undefined>>): E.Either<AuthError, URL> =>
  pipe(
    E.tryCatch(
      () => new URL(url),
      () => AuthError.misconfigured('url', 'the platform gives no URL to ask at'),
    ),
    E.map((whole) => {
      for (const [name, value] of Object.entries(query)) if (value !== undefined) whole.searchParams.set(name, value)
      return whole
    }),
  )

/** The parameters of {@link githubActionsToken}. */
export interface GithubActionsTokenOptions {
  /** Who is to take the token: the server's issuer, say. */
  readonly audience: string
}

/**
 * The identity of a job of GitHub Actions, whose workflow has `permissions: id-token: write`: then GitHub sets
 * `ACTIONS_ID_TOKEN_REQUEST_URL` and `ACTIONS_ID_TOKEN_REQUEST_TOKEN`. `Misconfigured` where they are not set.
 *
 * @example
 * import { githubActionsToken } from '@tessera/node'
 *
 * const subject = githubActionsToken({ audience: 'https://sts.example' })
 * assert.strictEqual(typeof subject, 'function')
 */
export const githubActionsToken = ({ audience }: GithubActionsTokenOptions): SubjectToken =>
  at(() => {
    const [url, token] = [variable('ACTIONS_ID_TOKEN_REQUEST_URL'), variable('ACTIONS_ID_TOKEN_REQUEST_TOKEN')]
    return url === undefined || token === undefined
      ? E.left(
          AuthError.misconfigured(
            'ACTIONS_ID_TOKEN_REQUEST_URL',
            'it, or ACTIONS_ID_TOKEN_REQUEST_TOKEN, is not set: give the job permissions: id-token: write',
          ),
        )
      : pipe(
          withQuery(url, { audience }),
          E.map(({ href }) => ({
            url: href,
            headers: { authorization: Secret.make('Authorization', `Bearer ${token}`), accept: 'application/json' },
            member: 'value',
          })),
        )
  })

/** The parameters of {@link gceIdentityToken}. */
export interface GceIdentityTokenOptions {
  /** Who is to take the token. */
  readonly audience: string
  /** Which of the machine's service accounts. Default: `default`. */
  readonly serviceAccount?: string | undefined
}

/**
 * The identity of a service account of Google Cloud, from the metadata server of Compute Engine, Cloud Run, Cloud Functions and GKE.
 * `GCE_METADATA_HOST` names another host, as Google's own libraries have it.
 *
 * It is plain http within the machine's own network: with a proxy in the environment, have `NO_PROXY` name the host.
 *
 * @example
 * import { gceIdentityToken } from '@tessera/node'
 *
 * const subject = gceIdentityToken({ audience: 'https://sts.example' })
 * assert.strictEqual(typeof subject, 'function')
 */
export const gceIdentityToken = ({ audience, serviceAccount = 'default' }: GceIdentityTokenOptions): SubjectToken =>
  at(() =>
    pipe(
      withQuery(
        `http://${variable('GCE_METADATA_HOST') ?? 'metadata.google.internal'}/computeMetadata/v1/instance/service-accounts/${encodeURIComponent(serviceAccount)}/identity`,
        { audience, format: 'full' },
      ),
      E.map(({ href, origin }) => ({ url: href, headers: { 'metadata-flavor': 'Google' }, allowHttp: [origin] })),
    ),
  )

/** The parameters of {@link azureManagedIdentityToken}. */
export interface AzureManagedIdentityTokenOptions {
  /** Whom the token is for: an application ID URI, `api://AzureADTokenExchange` say. */
  readonly resource: string
  /** Which identity, by its client id, where the machine has more than one. Default: the system-assigned one. */
  readonly clientId?: string | undefined
}

const IMDS = 'http://169.254.169.254/metadata/identity/oauth2/token'

/**
 * A managed identity of Azure: from App Service, Functions and Container Apps where `IDENTITY_ENDPOINT` and `IDENTITY_HEADER` are set, else
 * from the metadata service of virtual machines (IMDS).
 *
 * Both are plain http within the machine's own network: with a proxy in the environment, have `NO_PROXY` name the host.
 *
 * @example
 * import { azureManagedIdentityToken } from '@tessera/node'
 *
 * const subject = azureManagedIdentityToken({ resource: 'api://AzureADTokenExchange' })
 * assert.strictEqual(typeof subject, 'function')
 */
export const azureManagedIdentityToken = ({ resource, clientId }: AzureManagedIdentityTokenOptions): SubjectToken =>
  at(() => {
    const [url, header] = [variable('IDENTITY_ENDPOINT'), variable('IDENTITY_HEADER')]
    const isAppService = url !== undefined && header !== undefined
    return pipe(
      withQuery(isAppService ? url : IMDS, {
        'api-version': isAppService ? '2019-08-01' : '2018-02-01',
        resource,
        client_id: clientId,
      }),
      E.map(({ href, origin, protocol }) => ({
        url: href,
        headers: isAppService ? { 'x-identity-header': Secret.make('IdentityHeader', header) } : { metadata: 'true' },
        member: 'access_token',
        allowHttp: protocol === 'http:' ? [origin] : [],
      })),
    )
  })
