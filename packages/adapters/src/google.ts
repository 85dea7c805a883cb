/**
 * A source as the client of Google's libraries, and as the subject of workload identity federation.
 *
 * @packageDocumentation
 */
import { Secret, type Tokens } from '@tessera/core'
import { idTokenOf } from '@tessera/oauth2'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type Handed, handOut, refuse, renewed, run } from './internal/handed.js'
import { isStream } from './internal/isStream.js'

/** `AuthClient` of google-auth-library, as far as it is used here. */
export interface GoogleClient {
  readonly quotaProjectId?: string
  readonly transporter: { request(options: object): Promise<unknown> }
}

/** `GaxiosOptions`, as far as they are read here. */
export interface GoogleRequest {
  readonly headers?: ConstructorParameters<typeof Headers>[0]
  readonly data?: unknown
  readonly body?: unknown
}

/** The parameters of {@link googleAuthClient}. */
export interface GoogleAuthClientOptions<Client> {
  readonly tokens: Tokens
  /** A new `OAuth2Client`: its transport is used, and its tokens are the source's from now on. */
  readonly client: Client
}

/** The status of an answer, or of the answer that an error is about. */
const statusOf = (of: unknown): unknown =>
  typeof of === 'object' && of !== null && 'status' in of ? of.status : undefined

/**
 * A client of google-auth-library whose tokens are the source's: `auth` of `googleapis`, `authClient` of Google Cloud's libraries. On a 401
 * it refuses the token that was used, asks once more, and sends again once, but for a stream; gRPC calls, which only ask for headers, say
 * nothing of a refusal. Google's 403 is about what a token may do, and is the caller's.
 *
 * It changes the client that is given, and returns it, because Google's classes are what TypeScript asks for.
 *
 * @example
 * import { googleAuthClient } from '@tessera/adapters/google'
 * import type { TokenSource } from '@tessera/core'
 * import { OAuth2Client } from 'google-auth-library'
 *
 * const authOf = (tokens: TokenSource) => googleAuthClient({ tokens, client: new OAuth2Client() })
 * assert.strictEqual(typeof authOf, 'function') // google.drive({ version: 'v3', auth: authOf(source) })
 */
export const googleAuthClient = <Client extends GoogleClient>({
  tokens,
  client,
}: GoogleAuthClientOptions<Client>): Client => {
  const headersWith = ({ text }: Handed, given?: GoogleRequest['headers']): Headers => {
    const headers = new Headers(given)
    if (client.quotaProjectId !== undefined && !headers.has('x-goog-user-project')) {
      headers.set('x-goog-user-project', client.quotaProjectId)
    }
    headers.set('authorization', `Bearer ${text}`)
    return headers
  }
  const send = async (request: GoogleRequest, handed: Handed): Promise<unknown> => {
    const answer = await client.transporter.request({ ...request, headers: headersWith(handed, request.headers) })
    tokens.accept?.(handed.token.accessToken)
    return answer
  }
  return Object.assign(client, {
    getAccessToken: async () => ({ token: (await handOut(tokens)).text }),
    getRequestHeaders: async () => headersWith(await handOut(tokens)),
    request: async (request: GoogleRequest) => {
      const used = await handOut(tokens)
      const first = send(request, used)
      const status = await first.then(statusOf, statusOf)
      if (status !== 401) return first
      if (isStream(request.data) || isStream(request.body)) {
        await refuse(tokens, used.text)
        return first
      }
      const next = await renewed(tokens, used.text)
      return next === undefined ? first : send(request, next)
    },
  })
}

/** `SubjectTokenSupplier` of google-auth-library. */
export interface GoogleSubjectTokenSupplier {
  readonly getSubjectToken: () => Promise<string>
}

/** The parameters of {@link googleSubjectTokenSupplier}. */
export interface GoogleSubjectTokenSupplierOptions {
  readonly tokens: Tokens
  /** Which token of the session: `access`, or the ID token that came with it. Default: `access`. */
  readonly token?: 'access' | 'id' | undefined
}

/**
 * The subject of workload identity federation, for `IdentityPoolClient`: Google exchanges it for its own token, which the client keeps. It
 * is asked for before each exchange, and not cached by the client. Google says nothing of a subject that it refuses.
 *
 * @example
 * import { googleSubjectTokenSupplier } from '@tessera/adapters/google'
 * import type { TokenSource } from '@tessera/core'
 * import { IdentityPoolClient } from 'google-auth-library'
 *
 * const clientOf = (tokens: TokenSource) =>
 *   new IdentityPoolClient({
 *     audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/provider',
 *     subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
 *     subject_token_supplier: googleSubjectTokenSupplier({ tokens, token: 'id' }),
 *   })
 * assert.strictEqual(typeof clientOf, 'function')
 */
export const googleSubjectTokenSupplier = ({
  tokens,
  token = 'access',
}: GoogleSubjectTokenSupplierOptions): GoogleSubjectTokenSupplier => ({
  getSubjectToken: async () => {
    const handed = await handOut(tokens)
    return token === 'access' ? handed.text : Secret.open(await run(TE.fromEither(idTokenOf(handed.token))))
  },
})
