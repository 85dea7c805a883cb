/**
 * A source as the hooks of a got instance.
 *
 * @packageDocumentation
 */
import { Secret } from '@tessera/core'
import { handOut, refuse, renewed } from './internal/handed.js'
import { type HttpTokens, mayGet } from './internal/httpTokens.js'
import { isStream } from './internal/isStream.js'

/** `Options` of got, as far as they are read here. */
export interface GotOptions {
  readonly url?: string | URL | undefined
  readonly body?: unknown
  readonly headers: Record<string, string | string[] | undefined>
  readonly context: Record<string, unknown>
}

/** `Response` of got, as far as it is read here. */
export interface GotResponse {
  readonly statusCode: number
  readonly request: { readonly options: GotOptions }
}

/** What `got.extend` takes. */
export interface GotExtension {
  readonly hooks: {
    readonly beforeRequest: Array<(options: GotOptions) => Promise<void>>
    readonly afterResponse: Array<
      <Response extends GotResponse>(response: Response, sendAgain: (changes: object) => never) => Promise<Response>
    >
    readonly beforeError: Array<<E extends Error & { readonly options: GotOptions }>(error: E) => E>
  }
}

/** Says, in the context of a request, that its `authorization` is ours. */
const OURS = '@tessera/adapters'
const SCHEME = 'Bearer '

/** The token that a request was sent with, where we put it there. */
const sent = ({ headers: { authorization }, context }: GotOptions): string | undefined =>
  context[OURS] === true && typeof authorization === 'string' ? authorization.slice(SCHEME.length) : undefined

/**
 * Hooks for `got.extend` which send a token that renews itself, with each request, each retry and each redirect to a listed origin. On a
 * 401 they refuse the token that was used, and have got send again once; the second 401 is the caller's, and so is the first where the
 * source stands by its token. A request to another origin, or with an `authorization` of its own, passes untouched. A body that is a stream
 * is not sent again, nor is what `got.stream` sends: the token is refused where got tells of the answer.
 *
 * Errors are without the token.
 *
 * @throws A typed error (`AuthError.toError`) when one of `origins` is neither https, nor of this machine, nor in `allowHttp`.
 *
 * @example
 * import { gotHooks } from '@tessera/adapters/got'
 * import type { TokenSource } from '@tessera/core'
 * import got from 'got'
 *
 * const clientOf = (tokens: TokenSource) => got.extend(gotHooks({ tokens, origins: ['https://api.example'] }))
 * assert.strictEqual(typeof clientOf, 'function')
 */
export const gotHooks = (options: HttpTokens): GotExtension => {
  const { tokens } = options
  const isForToken = mayGet(options)
  return {
    hooks: {
      beforeRequest: [
        async (request) => {
          const { url, headers, context } = request
          const isOurs = sent(request) !== undefined
          // Of a request before this one: a retry gets the token of now, and another origin none.
          if (isOurs) delete headers['authorization']
          context[OURS] = false
          if (!isForToken(url?.toString()) || headers['authorization'] !== undefined) return
          headers['authorization'] = `${SCHEME}${(await handOut(tokens)).text}`
          context[OURS] = true
        },
      ],
      afterResponse: [
        async (response, sendAgain) => {
          const { statusCode, request } = response
          const used = sent(request.options)
          if (used === undefined) return response
          if (statusCode >= 200 && statusCode < 300) tokens.accept?.(Secret.make('AccessToken', used))
          if (statusCode !== 401) return response
          if (isStream(request.options.body)) {
            await refuse(tokens, used)
            return response
          }
          return (await renewed(tokens, used)) === undefined ? response : sendAgain({})
        },
      ],
      beforeError: [
        (error) => {
          // got shows the options of a request in its errors.
          if (sent(error.options) !== undefined) delete error.options.headers['authorization']
          return error
        },
      ],
    },
  }
}
