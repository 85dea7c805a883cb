/**
 * The live environment without a dependency.
 *
 * @packageDocumentation
 */
import type { ClockEnv, RandomEnv } from '@tessera/core'
import type { DigestEnv, HttpEnv, SignerEnv } from '@tessera/oauth2'
import { type NodeHttpOptions, nodeHttp } from './nodeHttp.js'
import { signer } from './signer.js'
import { systemClock } from './systemClock.js'
import { systemDigest } from './systemDigest.js'
import { pooledRandom } from './systemRandom.js'

/** What strategies and sources ask for where no person takes part. */
export interface SlimEnv extends ClockEnv, RandomEnv, DigestEnv, HttpEnv, SignerEnv {}

/** The parameters of {@link slimEnv}. */
export interface SlimOptions extends Partial<NodeHttpOptions> {
  /** The `user-agent` of each request. Default: `tessera`. */
  readonly userAgent?: string
}

/**
 * The system's clock, randomness, digests and signers, and {@link nodeHttp}: for programs that are bundled, or that start often; they
 * import it from `@tessera/node/slim`. It has no proxy, no TLS options and no terminal; `nodeEnv` has. Nothing of it keeps the
 * process alive.
 *
 * @throws A {@link AuthError.toError | typed error} when `connections` is no number of connections.
 *
 * @example
 * import { memoryStore, TokenSource } from '@tessera/core'
 * import { Client, clientCredentials } from '@tessera/oauth2'
 * import { openSource, slimEnv } from '@tessera/node'
 *
 * const client = Client.make({ id: 'app', secret: 's3cret', tokenEndpoint: 'https://as.example/token' })
 * const source = openSource(TokenSource.make({ store: memoryStore() })(clientCredentials({ client })), slimEnv())
 * assert.strictEqual(typeof source.get, 'function')
 */
export const slimEnv = ({ userAgent = 'tessera', clock = systemClock, ...options }: SlimOptions = {}): SlimEnv => ({
  clock,
  random: pooledRandom(),
  digest: systemDigest,
  http: nodeHttp({ ...options, userAgent, clock }),
  signer,
})
