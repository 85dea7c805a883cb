/**
 * A source as the authentication strategy of Octokit.
 *
 * @packageDocumentation
 */
import type { Tokens } from '@tessera/core'
import { type Handed, handOut, refuse, renewed } from './internal/handed.js'
import { isStream } from './internal/isStream.js'

/** A request of Octokit, as far as it is read here. */
export interface OctokitEndpoint {
  readonly baseUrl?: string
  readonly url: string
  readonly headers: object
  readonly data?: unknown
}

/** `RequestInterface` of Octokit, as far as it is used here. */
export interface OctokitRequest {
  (endpoint: OctokitEndpoint): Promise<unknown>
  readonly endpoint: { merge(route: unknown, parameters?: object): OctokitEndpoint }
}

/** What `octokit.auth()` answers. */
export interface OctokitAuthentication {
  readonly type: 'token'
  readonly tokenType: 'oauth'
  readonly token: string
}

/** `AuthInterface` of Octokit. */
export interface OctokitAuth {
  (): Promise<OctokitAuthentication>
  readonly hook: (request: OctokitRequest, route: unknown, parameters?: object) => Promise<unknown>
}

/** What `auth` of an Octokit is. */
export interface OctokitAuthOptions {
  readonly tokens: Tokens
  /** Where the token may go besides `baseUrl`. Default: GitHub's address for uploads. */
  readonly origins?: ReadonlyArray<string> | undefined
}

const UPLOADS = ['https://uploads.github.com']

const originOf = (url: string | undefined): string | undefined =>
  url !== undefined && URL.canParse(url) ? new URL(url).origin : undefined

const statusOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined

/**
 * The `authStrategy` of an Octokit, which sends a token that renews itself. On a 401 it refuses the token that was used, asks once more, and
 * sends again once, but for a stream. A request to another origin than that of `baseUrl`, and those that are listed, gets no token.
 *
 * @example
 * import { octokitAuth } from '@tessera/adapters/octokit'
 * import type { TokenSource } from '@tessera/core'
 * import { Octokit } from '@octokit/core'
 *
 * const clientOf = (tokens: TokenSource) => new Octokit({ authStrategy: octokitAuth, auth: { tokens } })
 * assert.strictEqual(typeof clientOf, 'function')
 */
export const octokitAuth = ({ tokens, origins = UPLOADS }: OctokitAuthOptions): OctokitAuth => {
  const isForToken = ({ baseUrl, url }: OctokitEndpoint): boolean => {
    const [base, origin] = [originOf(baseUrl), originOf(url)]
    return origin === undefined || origin === base || origins.includes(origin)
  }

  return Object.assign(
    async () => ({ type: 'token' as const, tokenType: 'oauth' as const, token: (await handOut(tokens)).text }),
    {
      hook: async (request: OctokitRequest, route: unknown, parameters?: object): Promise<unknown> => {
        const endpoint = request.endpoint.merge(route, parameters)
        if (!isForToken(endpoint)) return request(endpoint)

        const send = async ({ token, text }: Handed): Promise<unknown> => {
          const headers = { ...endpoint.headers, authorization: `bearer ${text}` }
          const answer = await request({ ...endpoint, headers })
          tokens.accept?.(token.accessToken)
          return answer
        }
        const used = await handOut(tokens)
        const first = send(used)
        const status = await first.then(() => 200, statusOf)
        if (status !== 401) return first
        if (isStream(endpoint.data)) {
          await refuse(tokens, used.text)
          return first
        }
        const next = await renewed(tokens, used.text)
        return next === undefined ? first : send(next)
      },
    },
  )
}
