/**
 * A strategy and its session, for those who write promises.
 *
 * @packageDocumentation
 */
import {
  type Secret,
  type SourceConfig,
  type SourceEnv,
  type Strategy,
  TokenSource,
  type TokenStore,
} from '@tessera/core'
import { type Connection, type FetchOptions, make } from './Connection.js'
import { keptIn, releasing } from './internal/storeAt.js'
import { type NodeEnv, nodeEnv } from './nodeEnv.js'
import { openSource } from './openSource.js'

/** The parameters of {@link connect}: those of `TokenSource.make` and of `authenticatedFetch`, and none that must be there. */
export interface ConnectOptions<R = NodeEnv> extends Omit<SourceConfig<R>, 'store'>, FetchOptions {
  /**
   * Default: the process's memory. A URL (`postgres://USER:PASSWORD@HOST/DATABASE`, `mysql://…`, `sqlite:FILE`) names a database, and
   * takes `@tessera/store-sql` and its driver; what of it is missing is said by the first call. It is opened by that, and closed with
   * the connection; see `sqlStoreAt`.
   */
  readonly store?: TokenStore | string | Secret
  /** One that is shared, or a test's own, which the connection does not close. Default: one of its own, which it does. */
  readonly env?: R
}

/**
 * Opens a source over a strategy, and puts promises around it: what `TokenSource.make`, `openSource`, `accessToken` and
 * `authenticatedFetch` do, in one call. Nothing is sent before the first token is asked for.
 *
 * @throws A {@link AuthError.toError | typed error} when one of `origins` must not get a token, or `store` is no URL of a database.
 *
 * @example
 * import { remoteCallback } from '@tessera/core'
 * import { connect } from '@tessera/node'
 *
 * const api = connect(remoteCallback(() => 'abc'), { origins: ['https://api.example'] })
 * void api.token().then(async (token) => {
 *   assert.strictEqual(token, 'abc')
 *   await api.close()
 * })
 */
export function connect(strategy: Strategy<NodeEnv>, options?: ConnectOptions): Connection
export function connect<R extends SourceEnv>(
  strategy: Strategy<R>,
  options: ConnectOptions<R> & { readonly env: R },
): Connection<R>
export function connect(strategy: Strategy<NodeEnv>, options: ConnectOptions = {}): Connection {
  const kept = keptIn(options.store)
  const { env = nodeEnv() } = options
  const source = openSource(TokenSource.make<NodeEnv>({ ...options, store: kept.store })(strategy), env)
  return make(source, options, env, releasing(kept, options.env === undefined ? env : undefined))
}
