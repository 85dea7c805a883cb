/**
 * What of `@tessera/node` needs no dependency, for programs that are bundled or start often: `@tessera/node/slim`.
 *
 * @packageDocumentation
 */
export { type AccessTokenOptions, accessToken } from './accessToken.js'
export { type DpopKeyOptions, dpopKey, type GenerateDpopKeyOptions, generateDpopKey } from './dpopKey.js'
export { type ExternalSignerConfig, externalSigner } from './externalSigner.js'
export type { KeySource, Passphrase } from './internal/privateKey.js'
export { type NodeHttpOptions, nodeHttp } from './nodeHttp.js'
export { openSource } from './openSlimSource.js'
export { run } from './run.js'
export { type SignerConfig, signer } from './signer.js'
export { type SlimEnv, type SlimOptions, slimEnv } from './slimEnv.js'
export { systemClock } from './systemClock.js'
export { systemDigest } from './systemDigest.js'
export { systemRandom } from './systemRandom.js'
