/**
 * Many people's sessions, for those who write promises.
 *
 * @packageDocumentation
 */
import {
  type AuthError,
  type CloseOptions,
  type Key,
  type KeyedConfig,
  type Limits,
  type Secret,
  type SourceEnv,
  type Strategy,
  type TokenSet,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { type Connection, type FetchOptions, make } from './Connection.js'
import { originsOf } from './internal/bearer.js'
import { keptIn, releasing } from './internal/storeAt.js'
import { type NodeEnv, nodeEnv } from './nodeEnv.js'
import { openSource } from './openSource.js'
import { run } from './run.js'

/** The parameters of {@link connectUsers}: those of `TokenSource.keyed` and of `authenticatedFetch`. */
export interface ConnectUsersOptions<R = NodeEnv> extends Omit<KeyedConfig<R>, 'store'>, FetchOptions {
  /** Default: the process's memory. A URL names a database, as of `connect`; it is closed with all of them. */
  readonly store?: TokenStore | string | Secret
  /** One that is shared, or a test's own, which is not closed here. Default: one of its own. */
  readonly env?: R
}

/** Says whose tokens they are: a promise, or as a typed effect. */
export type KeyOf = (token: TokenSet) => Key | Promise<Key> | E.Either<AuthError, Key> | TaskEither<AuthError, Key>

/** One connection a key. */
export interface Users<R = NodeEnv> {
  /** The session of a user. It is closed with all others; where it was closed alone, this is a new one. */
  readonly for: (key: Key) => Connection<R>
  /**
   * A login whose user is known by its tokens only. When `keyOf` throws, rejects or gives no key, the tokens are dropped, and
   * revoked at the server where that ends their `grant` only. The promise resolves when they are in the store.
   *
   * Only what comes after the key is known counts: a revoke, or another login, of the same user while this one was still logging in
   * does not stop it.
   *
   * The limits bound the caller's wait, and are the strategy's; tokens that come later are taken in all the same.
   */
  readonly login: (
    strategy: Strategy<R>,
    keyOf: KeyOf,
    limits?: Limits,
  ) => Promise<{ readonly key: Key; readonly connection: Connection<R> }>
  /** Closes all of them, and refuses new ones; connections that the application holds still refuse new work too. */
  readonly close: (options?: CloseOptions) => Promise<void>
  /** `close`, for `await using`. */
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

const toEither = async (said: ReturnType<KeyOf>): Promise<E.Either<AuthError, Key>> => {
  const key = await (typeof said === 'function' ? said() : said)
  return typeof key === 'object' && key !== null ? key : E.right(key)
}

/**
 * Opens one source a user, made when it is first asked for: `TokenSource.keyed` with promises around it. The function gives the
 * strategy of a key: `() => refreshToken({ client })` where each user's own refresh token is redeemed.
 *
 * @throws A {@link AuthError.toError | typed error} where it is given a strategy instead of a function that makes one, or when one
 *   of `origins` must not get a token.
 *
 * @example
 * import { remoteCallback } from '@tessera/core'
 * import { connectUsers } from '@tessera/node'
 *
 * const users = connectUsers((user) => remoteCallback(() => `token of ${user}`))
 * void users.for('ann').token().then((token) => assert.strictEqual(token, 'token of ann'))
 */
export function connectUsers(strategyFor: (key: Key) => Strategy<NodeEnv>, options?: ConnectUsersOptions): Users
export function connectUsers<R extends SourceEnv>(
  strategyFor: (key: Key) => Strategy<R>,
  options: ConnectUsersOptions<R> & { readonly env: R },
): Users<R>
export function connectUsers(strategyFor: (key: Key) => Strategy<NodeEnv>, options: ConnectUsersOptions = {}): Users {
  const { origins, allowHttp } = options
  // A login's connection is made when its tokens are written: that would be too late to refuse an origin.
  if (origins !== undefined) originsOf({ origins, allowHttp })
  const kept = keptIn(options.store)
  const { env = nodeEnv() } = options
  const sources = openSource(TokenSource.keyed<NodeEnv>({ ...options, store: kept.store })(strategyFor), env)
  const release = releasing(kept, options.env === undefined ? env : undefined)
  const connections = new WeakMap<TokenSource, Connection>()

  const connectionOf = (source: TokenSource): Connection => {
    const connection = connections.get(source) ?? make(source, options, env)
    connections.set(source, connection)
    return connection
  }

  const close = async (given?: CloseOptions): Promise<void> => {
    try {
      await run(sources.close(given))
    } finally {
      await release()
    }
  }

  return {
    for: (key) => connectionOf(sources.for(key)),
    login: async (interactive, keyOf, limits) => {
      const login = sources.login(interactive, (token) => async () => toEither(keyOf(token)), limits)
      const source = await run(login, env)
      return { key: source.key, connection: connectionOf(source) }
    },
    close,
    [Symbol.asyncDispose]: () => close(),
  }
}
