/**
 * A source as the `fetch` of ky, and of every other client that calls its `fetch` with a `Request`.
 *
 * @packageDocumentation
 */
import type { Tokens } from '@tessera/core'
import { type Handed, handOut, renewed } from './internal/handed.js'
import { type HttpTokens, mayGet } from './internal/httpTokens.js'

/** The parameters of {@link kyFetch}. */
export interface KyFetchOptions extends HttpTokens {
  /** What sends. Default: the platform's. */
  readonly fetch?: typeof fetch | undefined
}

/**
 * A `fetch` for `ky.create({ fetch })` which sends a token that renews itself. On a 401 it refuses the token that was used, asks once more,
 * and sends again once, with any body; the second 401 is the caller's, and so is the first where the source stands by its token. A request
 * to another origin, or with an `authorization` of its own, passes untouched. Where a redirect leads to another origin the platform takes
 * the token off itself.
 *
 * It is for hosts that call `fetch` with a `Request`, whose body it keeps a copy of until the answer is there. `authenticatedFetch` of
 * `@tessera/node` is for your own calls.
 *
 * @throws A typed error (`AuthError.toError`) when one of `origins` is neither https, nor of this machine, nor in `allowHttp`.
 *
 * @example
 * import { kyFetch } from '@tessera/adapters/ky'
 * import type { TokenSource } from '@tessera/core'
 * import ky from 'ky'
 *
 * const clientOf = (tokens: TokenSource) => ky.create({ fetch: kyFetch({ tokens, origins: ['https://api.example'] }) })
 * assert.strictEqual(typeof clientOf, 'function')
 */
export const kyFetch = ({ fetch: send = fetch, ...options }: KyFetchOptions): typeof fetch => {
  const isForToken = mayGet(options)

  return async (input, init) => {
    const request = new Request(input, init)
    if (!isForToken(request.url) || request.headers.has('authorization')) return send(input, init)
    const tokens: Tokens = options.tokens.within({ signal: request.signal })

    const sendWith = async (from: Request, { token, text }: Handed): Promise<Response> => {
      from.headers.set('authorization', `Bearer ${text}`)
      const response = await send(from)
      if (response.ok) tokens.accept?.(token.accessToken)
      return response
    }

    const used = await handOut(tokens)
    const copy = request.clone()
    const first = await sendWith(request, used)
    const next = first.status === 401 ? await renewed(tokens, used.text) : undefined
    if (next === undefined) {
      await copy.body?.cancel()
      return first
    }
    await first.body?.cancel()
    return sendWith(copy, next)
  }
}
