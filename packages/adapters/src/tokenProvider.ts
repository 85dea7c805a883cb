/**
 * A source as a function that returns a token, which is what most hosts take.
 *
 * @packageDocumentation
 */
import type { Tokens } from '@tessera/core'
import { handOut, refuse } from './internal/handed.js'

/** What a {@link TokenProvider} may be told. */
export interface TokenProviderOptions {
  /** The token that an API has refused (401), so that nobody is given it again. */
  readonly refused?: string | undefined
}

/** The access token, valid now. A host asks before each use and keeps it nowhere. */
export type TokenProvider = (options?: TokenProviderOptions) => Promise<string>

/**
 * The access token as a function of no argument, for every host that takes `() => Promise<string>`: `apiKey` of an SDK, say. Where the host
 * tells of a 401, ask with `{ refused }` for another one.
 *
 * The promise rejects with `AuthError.toError` of the typed error.
 *
 * @example
 * import { tokenProvider } from '@tessera/adapters/tokenProvider'
 * import type { TokenSource } from '@tessera/core'
 *
 * const headersOf = (source: TokenSource) => {
 *   const token = tokenProvider(source)
 *   return async () => ({ authorization: `Bearer ${await token()}` })
 * }
 * assert.strictEqual(typeof headersOf, 'function')
 */
export const tokenProvider =
  (tokens: Tokens): TokenProvider =>
  async (options) => {
    // Hosts that call it with an argument of their own mean nothing of ours.
    if (typeof options?.refused === 'string') await refuse(tokens, options.refused)
    return (await handOut(tokens)).text
  }
