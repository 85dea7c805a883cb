/**
 * A source as the credentials of Redis, through `@redis/client` (or `redis`), version 5 or 6.
 *
 * @packageDocumentation
 */
import type { Clock, Tokens } from '@tessera/core'
import { renewed } from './internal/handed.js'
import { isWrongPass } from './internal/isWrongPass.js'
import { makeRenewals } from './internal/renewals.js'

/** The parameters of {@link redisCredentials}. */
export interface RedisCredentialsOptions {
  readonly tokens: Tokens
  /** By which renewals are looked for: `systemClock` of `@tessera/node`. */
  readonly clock: Clock
  /** Default: that of Redis, `default`. */
  readonly username?: string | undefined
  /** Is told why a connection could not be authenticated again, or why there is no token. Both are tried again. */
  readonly onError?: ((error: Error) => void) | undefined
}

/** `BasicAuth` of node-redis. */
export interface RedisBasicAuth {
  username?: string
  password?: string
}

/** `StreamingCredentialsListener` of node-redis. */
export interface RedisCredentialsListener {
  readonly onNext: (credentials: RedisBasicAuth) => void
  readonly onError: (error: Error) => void
}

/** `Disposable` of node-redis. */
export interface RedisSubscription {
  readonly dispose: () => void
}

/** `StreamingCredentialsProvider` of node-redis. */
export interface RedisCredentials {
  readonly type: 'streaming-credentials-provider'
  readonly subscribe: (listener: RedisCredentialsListener) => Promise<[RedisBasicAuth, RedisSubscription]>
  /** Also for the client's own errors, as node-redis tells nobody else of a refusal when it connects: `client.on('error', …)`. */
  readonly onReAuthenticationError: (error: Error) => void
  /** Ends all subscriptions: for when the last of its clients is closed. */
  readonly end: () => void
}

/**
 * The access token as the `credentialsProvider` of a client. Connections that are open authenticate again with each renewal, since servers
 * that take tokens end a connection with its token. As long as a client is connected the source is asked in time, which keeps no process
 * alive.
 *
 * A token that Redis refuses (WRONGPASS) is renewed, and the client connects with the next one.
 *
 * node-redis makes another subscription when it connects again, and forgets the one before without ending it. That is ended here when the
 * garbage collector has met it. Until then it costs one AUTH more at each renewal, and may outlive its client: `end` it.
 *
 * @example
 * import { redisCredentials } from '@tessera/adapters/nodeRedis'
 * import type { TokenSource } from '@tessera/core'
 * import { systemClock } from '@tessera/node'
 * import { createClient } from '@redis/client'
 *
 * const clientOf = (tokens: TokenSource) => {
 *   const credentialsProvider = redisCredentials({ tokens, clock: systemClock, username: 'app' })
 *   return createClient({ url: 'rediss://cache.example:6380', credentialsProvider }).on(
 *     'error',
 *     credentialsProvider.onReAuthenticationError,
 *   )
 * }
 * assert.strictEqual(typeof clientOf, 'function')
 */
export const redisCredentials = ({
  tokens,
  clock,
  username,
  onError = () => undefined,
}: RedisCredentialsOptions): RedisCredentials => {
  const renewals = makeRenewals({ tokens, clock })
  /** A client has the last of its subscriptions, and nobody has those before. */
  const forgotten = new FinalizationRegistry((end: () => void) => end())
  let last: string | undefined
  const credentialsOf = (password: string): RedisBasicAuth => {
    last = password
    return { ...(username !== undefined && { username }), password }
  }
  const refuse = async (): Promise<void> => {
    if (last === undefined) return
    await renewed(tokens, last)
    await renewals.look()
  }
  return {
    type: 'streaming-credentials-provider',
    subscribe: async ({ onNext, onError: failed }) => {
      const [token, dispose] = await renewals.listen({ next: (next) => onNext(credentialsOf(next)), failed })
      const subscription: RedisSubscription = { dispose }
      forgotten.register(subscription, dispose)
      return [credentialsOf(token), subscription]
    },
    onReAuthenticationError: (error) => {
      onError(error)
      if (isWrongPass(error)) refuse().catch(onError)
    },
    end: renewals.end,
  }
}
