/**
 * `fetch` by a proxy.
 *
 * @packageDocumentation
 */
import { type ConnectionOptions, connectionOf } from './internal/connection.js'

/** The parameters of {@link proxiedFetch}. */
export type ProxiedFetchOptions = Pick<ConnectionOptions, 'proxy' | 'tls'>

/**
 * A `fetch` whose requests go by a proxy, or with a certificate of the client, as those of {@link nodeEnv} do: for
 * {@link authenticatedFetch}, say. A token that is bound to a certificate (RFC 8705 §3) needs the same one at APIs: give both the same
 * `tls`. Where `proxy` names none and there is no `tls`, it is the platform's own. Idle connections do not keep the process alive. Bun has no undici to go by: there each call rejects where a
 * proxy is named or `tls` is given.
 *
 * @throws A {@link AuthError.toError | typed error} when `proxy`, or a variable that names one, is not a URL.
 *
 * @example
 * import { authenticatedFetch, proxiedFetch } from '@tessera/node'
 * import type { TokenSource } from '@tessera/core'
 *
 * const files = (tokens: TokenSource) =>
 *   authenticatedFetch({
 *     tokens,
 *     origins: ['https://api.box.com'],
 *     fetch: proxiedFetch({ proxy: 'environment' }),
 *   })
 * assert.strictEqual(typeof files, 'function')
 */
export const proxiedFetch = (options: ProxiedFetchOptions): typeof fetch => {
  const connection = connectionOf(options)
  if (connection.proxy === undefined && options.tls === undefined) return fetch
  let making: Promise<typeof fetch> | undefined
  // A failure to load it, of the file system say, is not remembered.
  const make = async (): Promise<typeof fetch> => {
    try {
      const { fetchBy, hasDispatcher, makeDispatcher } = await import('./internal/dispatcher.js')
      if (!hasDispatcher)
        throw new TypeError('a proxy, or a certificate, needs undici, which Bun has not: use Node.js or Deno')
      return fetchBy(makeDispatcher(connection))
    } catch (error) {
      making = undefined
      throw error
    }
  }
  return async (input, init) => {
    making ??= make()
    const send = await making
    return send(input, init)
  }
}
