/**
 * The live environment, in one value.
 *
 * @packageDocumentation
 */
import type { Clock, ClockEnv, PromptEnv, RandomEnv } from '@tessera/core'
import type { DigestEnv, HttpEnv, SignerEnv } from '@tessera/oauth2'
import type { Task } from 'fp-ts/lib/Task.js'
import type { Dispatcher } from 'undici'
import type { ConnectionOptions } from './internal/connection.js'
import { ownHttp } from './internal/ownHttp.js'
import { signer } from './signer.js'
import { systemClock } from './systemClock.js'
import { systemDigest } from './systemDigest.js'
import { pooledRandom } from './systemRandom.js'
import { terminalPrompt } from './terminalPrompt.js'
import { undiciHttp } from './undiciHttp.js'

/** All that strategies and sources ask for, and a way to end it. */
export interface NodeEnv extends ClockEnv, RandomEnv, DigestEnv, HttpEnv, SignerEnv, PromptEnv {
  /** Ends the connections when the requests under way are done; later ones are not sent. A given dispatcher is not touched. */
  readonly close: Task<void>
}

/** The parameters of {@link nodeEnv}. */
export interface NodeOptions extends ConnectionOptions {
  /** The `user-agent` of each request. Default: `tessera`. */
  readonly userAgent?: string
  /** An undici dispatcher of the application's own, instead of `proxy`, `tls` and `connections`. */
  readonly dispatcher?: Dispatcher
  /** For one that can be moved, say. Every deadline is by it; timers are real. Default: the system's. */
  readonly clock?: Clock
}

/**
 * Allocates an environment: the system's clock, randomness, digests and signers, HTTP with connections of its own, and the terminal.
 * Idle connections do not keep the process alive.
 *
 * HTTP is undici's. Bun has none of its own that can be used so: there it is by `node:http`, with the same promises, and without
 * proxies: where one is given, nothing is sent.
 *
 * @throws A {@link AuthError.toError | typed error} when `proxy`, or a variable that names one, is not a URL, or `connections` is no
 * number of connections.
 *
 * @example
 * import { nodeEnv } from '@tessera/node'
 *
 * const env = nodeEnv({ userAgent: 'invoices/1.0' })
 * assert.ok(env.clock.now() > 0)
 * void env.close()
 */
export const nodeEnv = (options: NodeOptions = {}): NodeEnv => {
  const { clock = systemClock, userAgent = 'tessera' } = options
  const { dispatcher } = options
  const { http, close } =
    dispatcher === undefined
      ? ownHttp(options, { userAgent, clock })
      : { http: undiciHttp({ dispatcher, userAgent, clock }), close: () => Promise.resolve() }
  return {
    clock,
    random: pooledRandom(),
    digest: systemDigest,
    http,
    signer,
    prompt: terminalPrompt({ clock }),
    close,
  }
}
