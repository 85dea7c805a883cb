/**
 * A token for those who write promises.
 *
 * @packageDocumentation
 */
import { AuthError, millis, Secret, type Terms, type TokenSet, type Tokens } from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { after } from './internal/timer.js'
import { run } from './run.js'

/** What bounds the wait for a token, and for how long that is to be valid. */
export interface AccessTokenOptions {
  readonly signal?: AbortSignal
  /** In ms of real time. The source may have a shorter one of its own. */
  readonly timeout?: number
  /** In ms. A token that is valid for less is renewed first, see {@link Terms.minValid | minValid}. Default: what is valid now will do. */
  readonly minValid?: number
}

// By a signal and not by a deadline: that would be by the source's clock, which is not known here.
const timed =
  (tokens: Tokens, timeout: number, { signal, ...terms }: Terms): TaskEither<AuthError, TokenSet> =>
  async () => {
    const waiting = new AbortController()
    const onAbort = () => waiting.abort()
    let late = false
    const cancel = after(timeout, () => {
      late = !waiting.signal.aborted
      waiting.abort()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted) onAbort()
    const got = await tokens.within({ ...terms, signal: waiting.signal }).get()
    cancel()
    signal?.removeEventListener('abort', onAbort)
    return late && E.isLeft(got) && got.left._tag === 'Aborted' ? E.left(AuthError.timedOut('a token')) : got
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
export const accessToken = async (
  tokens: Tokens,
  { signal, timeout, minValid }: AccessTokenOptions = {},
): Promise<string> => {
  const terms: Terms = {
    ...(signal !== undefined && { signal }),
    ...(minValid !== undefined && { minValid: millis(minValid) }),
  }
  const isBare = signal === undefined && minValid === undefined
  const bounded = isBare ? tokens : tokens.within(terms)
  const get = timeout === undefined ? bounded.get : timed(tokens, timeout, terms)
  return Secret.open((await run(get)).accessToken)
}
