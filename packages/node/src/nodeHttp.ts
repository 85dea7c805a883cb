/**
 * HTTP over node:http and node:https: no dependency.
 *
 * @packageDocumentation
 */
import { Agent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { Clock } from '@tessera/core'
import type { Http } from '@tessera/oauth2'
import { agentHttp } from './internal/agentHttp.js'
import { boundOf } from './internal/bound.js'
import { CHECKED } from './internal/connection.js'
import { systemClock } from './systemClock.js'

/** The parameters of {@link nodeHttp}. */
export interface NodeHttpOptions {
  /** The `user-agent` of each request. */
  readonly userAgent: string
  /** By which the deadlines of the requests were computed. Default: the system's. */
  readonly clock?: Clock
  /**
   * The most connections to one origin, at least 1. A request beyond them waits for its turn, and is `NotSent` where its deadline comes
   * first. `Infinity`: no limit. Default: 128.
   */
  readonly connections?: number
}

/**
 * The promises of {@link undiciHttp} without undici: no redirect is followed, nothing is decompressed, a request is written
 * once, `NotSent` until the connection stands, `Lost` from there on, one timer from the call to the last byte. There is no
 * proxy and there are no certificates of one's own but Node's (`NODE_EXTRA_CA_CERTS`), whose check cannot be switched off. Connections
 * are kept, and keep no process alive while they are idle.
 *
 * @throws A {@link AuthError.toError | typed error} when `connections` is no number of connections.
 *
 * @example
 * import { nodeHttp } from '@tessera/node'
 *
 * const http = nodeHttp({ userAgent: 'invoices/1.0' })
 * assert.strictEqual(typeof http.send, 'function')
 */
export const nodeHttp = ({ userAgent, clock = systemClock, connections }: NodeHttpOptions): Http => {
  const agent = { keepAlive: true, maxSockets: boundOf(connections) }
  return agentHttp({ userAgent, clock, plain: new Agent(agent), secure: new HttpsAgent({ ...agent, ...CHECKED }) })
}
