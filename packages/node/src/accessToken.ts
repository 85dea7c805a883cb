/**
 * A token for those who write promises.
 *
 * @packageDocumentation
 */
import { instant, Secret, type Tokens } from '@tessera/core'
import { run } from './run.js'

/** What bounds the wait for a token. */
export interface AccessTokenOptions {
  readonly signal?: AbortSignal
  /** In ms. Default: the source's own. */
  readonly timeout?: number
}

/**
 * The access token, opened. Ask before each use and keep it nowhere: the source keeps it, and renews it.
 *
 * @example
 * import { accessToken } from '@tessera/node'
 * import type { TokenSource } from '@tessera/core'
 *
 * const header = async (source: TokenSource) => `Bearer ${await accessToken(source, { timeout: 5_000 })}`
 * assert.strictEqual(typeof header, 'function')
 */
export const accessToken = async (tokens: Tokens, { signal, timeout }: AccessTokenOptions = {}): Promise<string> => {
  const bounded =
    signal === undefined && timeout === undefined
      ? tokens
      : tokens.within({
          ...(signal !== undefined && { signal }),
          ...(timeout !== undefined && { deadline: instant(Date.now() + timeout) }),
        })
  return Secret.open((await run(bounded.get)).accessToken)
}
