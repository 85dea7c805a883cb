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
import { CHECKED } from './internal/connection.js'
import { systemClock } from './systemClock.js'

/** The parameters of {@link nodeHttp}. */
export interface NodeHttpOptions {
  /** The `user-agent` of each request. */
  readonly userAgent: string
  /** By which the deadlines of the requests were computed. Default: the system's. */
  readonly clock?: Clock
}

/**
 * The promises of {@link undiciHttp} without undici: no redirect is followed, nothing is decompressed, a request is written
 * once, `NotSent` until the connection stands, `Lost` from there on, one timer from the call to the last byte. There is no
 * proxy and there are no certificates of one's own but Node's (`NODE_EXTRA_CA_CERTS`), whose check cannot be switched off. Connections are kept, and keep no process
 * alive while they are idle.
 *
 * @example
 * import { nodeHttp } from '@tessera/node'
 *
 * const http = nodeHttp({ userAgent: 'invoices/1.0' })
 * assert.strictEqual(typeof http.send, 'function')
 */
export const nodeHttp = ({ userAgent, clock = systemClock }: NodeHttpOptions): Http =>
  agentHttp({
    userAgent,
    clock,
    plain: new Agent({ keepAlive: true }),
    secure: new HttpsAgent({ keepAlive: true, ...CHECKED }),
  })
