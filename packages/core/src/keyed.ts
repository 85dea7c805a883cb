/**
 * Many sessions in one process.
 *
 * @packageDocumentation
 */

import * as E from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import type { ReaderIO } from 'fp-ts/lib/ReaderIO.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { AuthError } from './AuthError.js'
import { makeSession, type Session } from './internal/session.js'
import type { Strategy } from './Strategy.js'
import type { CloseOptions, SourceConfig, SourceEnv, TokenSource } from './TokenSource.js'
import type { Key } from './TokenStore.js'

/** The parameters of {@link keyed}. */
export interface KeyedConfig<R> extends Omit<SourceConfig<R>, 'key' | 'initial'> {
  /** How many idle sources are kept in memory. Default: 10,000. What the store holds is not bounded by it. */
  readonly capacity?: number
}

/** One source a key, made when it is first asked for. */
export interface Keyed {
  readonly for: (key: Key) => TokenSource
  /** How many sources are in memory. */
  readonly size: IO<number>
  /** Closes all that are in memory, and refuses new ones. The first error is reported, after all are closed. */
  readonly close: (options?: CloseOptions) => TaskEither<AuthError, void>
}

/**
 * Keeps the sources that were used last. One that has a renewal under way, or a token that the store does not hold yet, is
 * never dropped, so that the bound may be exceeded for that long.
 *
 * @example
 * import { memoryStore, remoteCallback, TokenSource } from '@tessera/core'
 * import { nodeEnv } from '@tessera/node'
 *
 * const users = TokenSource.keyed({ store: memoryStore(), capacity: 100 })((user) => remoteCallback(() => `token of ${user}`))
 * const sources = users(nodeEnv())()
 * assert.strictEqual(sources.for('ann'), sources.for('ann'))
 */
export const keyed =
  <R = unknown>({ capacity = 10_000, ...config }: KeyedConfig<R>) =>
  <S>(strategyFor: (key: Key) => Strategy<S>): ReaderIO<R & S & SourceEnv, Keyed> =>
  (env) =>
  () => {
    // A Map keeps the order of insertion: the first is the one that was used longest ago.
    const sessions = new Map<Key, Session>()
    let isClosed = false

    const evict = (asked: Key): void => {
      for (const [key, { busy }] of sessions) {
        if (sessions.size <= capacity) return
        if (key !== asked && !busy()) sessions.delete(key)
      }
    }

    return {
      for: (key) => {
        const there = sessions.get(key)
        const session = there ?? makeSession<R & S>({ ...config, key }, strategyFor(key), env)
        if (isClosed && there === undefined) void session.source.close({ revoke: false })()
        sessions.delete(key)
        sessions.set(key, session)
        evict(key)
        return session.source
      },
      size: () => sessions.size,
      close: (options) => async () => {
        isClosed = true
        const results = await Promise.all(Array.from(sessions.values(), ({ source }) => source.close(options)()))
        return results.find(E.isLeft) ?? E.right(undefined)
      },
    }
  }
