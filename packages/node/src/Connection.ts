/**
 * A source of tokens, as promises.
 *
 * @packageDocumentation
 */
import {
  AuthError,
  type CloseOptions,
  type Limits,
  type Revocation,
  type Strategy,
  type TokenSet,
  type TokenSource,
} from '@tessera/core'
import { type AccessTokenOptions, accessToken } from './accessToken.js'
import { type AuthenticatedFetchConfig, authenticatedFetch } from './authenticatedFetch.js'
import type { NodeEnv } from './nodeEnv.js'
import { run } from './run.js'

/** What `fetch` of a connection is told: where the token may go, and by which `fetch`. */
export interface FetchOptions extends Omit<AuthenticatedFetchConfig, 'tokens' | 'origins'> {
  /** The only origins that `fetch` sends the token to: `['https://api.example']`. Without them `fetch` rejects and says so. */
  readonly origins?: ReadonlyArray<string>
}

/** One session, in promises. They reject with {@link AuthError.toError | the typed error}. */
export interface Connection<R = NodeEnv> {
  /** The access token, valid now. Ask before each use and keep it nowhere. */
  readonly token: (options?: AccessTokenOptions) => Promise<string>
  /**
   * `fetch` with the token, for the origins that were listed; see `authenticatedFetch`. It goes by the platform's `fetch`, or by the
   * one of the options: the `proxy`, `tls` and `dispatcher` of `nodeEnv` are for the requests for tokens, and not for these. The
   * platform's heeds `NODE_TLS_REJECT_UNAUTHORIZED`: where that is `0`, it sends the token to a server that it has not checked.
   */
  readonly fetch: typeof fetch
  /** Acquires by a strategy in which a person takes part, and starts the session anew with its token. */
  readonly login: (strategy: Strategy<R>, limits?: Limits) => Promise<TokenSet>
  /** Ends the session for everybody who shares the store, then at the server. */
  readonly revoke: () => Promise<Revocation>
  /** Refuses new work, waits for what is under way, and revokes the token where the store ends with the process. */
  readonly close: (options?: CloseOptions) => Promise<void>
  /** The same session for those who write fp-ts. */
  readonly source: TokenSource
  /** `close`, for `await using`. */
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

const nowhere: typeof fetch = async () => {
  const message = "list those that get the token: origins: ['https://api.example']"
  throw AuthError.toError(AuthError.misconfigured('connect.origins', message))
}

/** Puts promises around a source. `release` is called when it is closed. */
export const make = <R>(
  source: TokenSource,
  { origins, ...options }: FetchOptions,
  env: R,
  release: () => Promise<void> = () => Promise.resolve(),
): Connection<R> => {
  const close = async (given?: CloseOptions): Promise<void> => {
    try {
      await run(source.close(given))
    } finally {
      await release()
    }
  }
  return {
    token: (given) => accessToken(source, given),
    fetch: origins === undefined ? nowhere : authenticatedFetch({ ...options, origins, tokens: source }),
    login: (strategy, limits = {}) => run(source.within(limits).login(strategy), env),
    revoke: () => run(source.revoke),
    close,
    source,
    [Symbol.asyncDispose]: () => close(),
  }
}
