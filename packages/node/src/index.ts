/**
 * The live environment for Node.js: clock, timers, randomness, cryptography, HTTP, terminal and files.
 *
 * @packageDocumentation
 */
export { type ExternalSignerConfig, externalSigner } from './externalSigner.js'
export type { ConnectionOptions, TlsOptions } from './internal/dispatcher.js'
export type { KeySource, Passphrase } from './internal/privateKey.js'
export { type NodeEnv, type NodeOptions, nodeEnv } from './nodeEnv.js'
export { type SignerConfig, signer } from './signer.js'
export { systemClock } from './systemClock.js'
export { systemDigest } from './systemDigest.js'
export { systemRandom } from './systemRandom.js'
export { type TerminalOptions, terminalPrompt } from './terminalPrompt.js'
export { type UndiciHttpOptions, undiciHttp } from './undiciHttp.js'
export { type VerifyConfig, verifyJwt } from './verifyJwt.js'
