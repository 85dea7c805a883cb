/**
 * What the store needs of a Redis client, whichever it is.
 *
 * @packageDocumentation
 */
import type { IO } from 'fp-ts/lib/IO.js'

// -----------------------------------------------------------------------------
// model
// -----------------------------------------------------------------------------

/** Runs commands on the primary that holds `key`. Each rejects with what the server or the client said. */
export interface RedisConnection {
  /**
   * EVALSHA with one key. A call that has not been written to the socket when `signal` aborts is not sent any more: nothing
   * may wait in a queue for a server that comes back. The signal is made for who asks: whoever writes at once needs none.
   */
  readonly evalsha: (
    sha1: string,
    key: string,
    args: ReadonlyArray<string>,
    signal: IO<AbortSignal>,
  ) => Promise<unknown>
  /** EVAL, in the same way. */
  readonly eval: (script: string, key: string, args: ReadonlyArray<string>, signal: IO<AbortSignal>) => Promise<unknown>
  /** WAIT: how many replicas of the key's primary have the writes of this connection, after `timeout` (ms) at most. */
  readonly wait: (key: string, replicas: number, timeout: number) => Promise<number>
}

/** A connection of our own. */
export interface OwnConnection extends RedisConnection {
  readonly end: IO<void>
}

/** What a {@link Listener} hears. */
export interface Heard {
  /** A message arrived on the channel; an empty one says that something may have been missed. */
  readonly message: (channel: string, message: string) => void
  /** The connection was lost and is there again: messages may have been missed. */
  readonly again: IO<void>
  /** As of {@link RedisPort.connect}. */
  readonly ended: IO<void>
}

/** A connection that hears the messages of channels, and subscribes again by itself after it was lost. */
export interface Listener {
  /** Resolves when the server has confirmed. */
  readonly subscribe: (channel: string) => Promise<void>
  readonly unsubscribe: (channel: string) => void
  readonly end: IO<void>
}

/** A Redis: standalone, behind Sentinels, or a Cluster. */
export interface RedisPort extends RedisConnection {
  /** Whether messages go through the sharded channels of a Cluster (SPUBLISH, Redis 7). */
  readonly sharded: boolean
  /**
   * A further connection with the client's settings; it ends with the client, if not before. Where it ends otherwise than by `end`
   * and does not come back by itself, it calls `ended` once, later than this returns: another is opened then. A client that has
   * ended gives none, and this throws.
   */
  readonly connect: (ended: IO<void>) => OwnConnection
  /** A connection for messages, which ends in the same ways. */
  readonly listen: (heard: Heard) => Listener
}
