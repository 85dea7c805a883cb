/**
 * A source as the credentials of Redis, through `ioredis`.
 *
 * @packageDocumentation
 */
import type { Clock, Tokens } from '@tessera/core'
import { renewed } from './internal/handed.js'
import { isWrongPass } from './internal/isWrongPass.js'
import { makeRenewals } from './internal/renewals.js'

/** A `Redis` of ioredis, as far as it is used here. */
export interface IoRedisClient {
  readonly options: { username?: string | undefined; password?: string | undefined }
  readonly status: string
  readonly auth: (username: string, password: string) => Promise<unknown>
  readonly on: (event: 'error', listener: (error: Error) => void) => unknown
  readonly once: (event: 'end', listener: () => void) => unknown
}

/** The parameters of {@link ioRedisAuth}. */
export interface IoRedisAuthOptions {
  readonly tokens: Tokens
  /** By which renewals are looked for: `systemClock` of `@tessera/node`. */
  readonly clock: Clock
  /** Default: that of Redis, `default`. */
  readonly username?: string | undefined
  /** Is told why a connection could not be authenticated again, or why there is no token. Both are tried again. */
  readonly onError?: ((error: Error) => void) | undefined
}

/**
 * Gives a client, which was made with `lazyConnect: true`, the access token as its password: before it connects, again before it reconnects,
 * and by an AUTH on the open connection with each renewal, since servers that take tokens end a connection with its token. Until the client
 * has ended (`quit`, `disconnect`) the source is asked in time, which keeps no process alive.
 *
 * A token that Redis refuses (WRONGPASS) is renewed, and the client connects with the next one at its next try. With RESP 2 a connection
 * that is subscribed takes no AUTH; with `protocol: 3` it does.
 *
 * @example
 * import { ioRedisAuth } from '@tessera/adapters/ioRedis'
 * import type { TokenSource } from '@tessera/core'
 * import { systemClock } from '@tessera/node'
 * import { Redis } from 'ioredis'
 *
 * const clientOf = (tokens: TokenSource) =>
 *   ioRedisAuth({ tokens, clock: systemClock, username: 'app' })(
 *     new Redis({ host: 'cache.example', port: 6380, tls: {}, lazyConnect: true }),
 *   )
 * assert.strictEqual(typeof clientOf, 'function')
 */
export const ioRedisAuth =
  ({ tokens, clock, username = 'default', onError = () => undefined }: IoRedisAuthOptions) =>
  async <Client extends IoRedisClient>(client: Client): Promise<Client> => {
    const renewals = makeRenewals({ tokens, clock })
    const { options } = client
    const take = (token: string): void => {
      options.username = username
      options.password = token
    }
    const refuse = async (): Promise<void> => {
      if (options.password === undefined) return
      await renewed(tokens, options.password)
      await renewals.look()
    }
    const fail = (error: Error): void => {
      onError(error)
      if (isWrongPass(error)) refuse().catch(onError)
    }
    const [token, end] = await renewals.listen({
      next: (next) => {
        take(next)
        if (client.status === 'ready') client.auth(username, next).catch(fail)
      },
      failed: onError,
    })
    take(token)
    client.on('error', fail)
    client.once('end', end)
    return client
  }
