/**
 * The live environment for Node.js: clock, timers, randomness, cryptography, HTTP, terminal and files.
 *
 * @packageDocumentation
 */

// What the first lines of a program need, so that they import from here and from `@tessera/oauth2` only.
export {
  AuthError,
  encrypted,
  memoryStore,
  minutes,
  RetryPolicy,
  recordCallbackStore,
  Strategy,
  seconds,
  TokenSource,
} from '@tessera/core'
export { pipe } from 'fp-ts/lib/function.js'
export { type AccessTokenOptions, accessToken } from './accessToken.js'
export { type AesGcmConfig, aesGcm } from './aesGcm.js'
export { authenticated } from './authenticated.js'
export { type AuthenticatedFetchConfig, authenticatedFetch } from './authenticatedFetch.js'
export { type BegunLogin, type BrowserLoginOptions, browserLogin } from './browserLogin.js'
export type { Connection, FetchOptions } from './Connection.js'
export { type CipherOptions, cipher } from './cipher.js'
export { type ConnectOptions, connect } from './connect.js'
export { type ConnectUsersOptions, connectUsers, type KeyOf, type Users } from './connectUsers.js'
export {
  type DpopKeyOptions,
  dpopKey,
  type GenerateDpopKeyOptions,
  generateDpopKey,
} from './dpopKey.js'
export { type DpopKeyFileOptions, dpopKeyFile } from './dpopKeyFile.js'
export { type DpopKeyInStoreOptions, dpopKeyInStore } from './dpopKeyInStore.js'
export {
  type EncryptionKey,
  type EncryptionKeys,
  formatKeys,
  generateKey,
  keyVariable,
  parseKeys,
} from './encryptionKeys.js'
export { type ExternalSignerConfig, externalSigner } from './externalSigner.js'
export { type FileTokenOptions, fileToken, type VariableTokenOptions, variableToken } from './fileToken.js'
export type { BearerConfig } from './internal/bearer.js'
export type { ConnectionOptions, TlsOptions } from './internal/connection.js'
export type { KeySource, Passphrase } from './internal/privateKey.js'
export { type KeyFileOptions, keyFile } from './keyFile.js'
export { type Loopback, loopback } from './loopback.js'
export { type MacSignerConfig, macSigner } from './macSigner.js'
export { type KeyPlace, keyPlace, type MoveKeyOptions, moveKey } from './moveKey.js'
export { type NodeEnv, type NodeOptions, nodeEnv } from './nodeEnv.js'
export { type NodeHttpOptions, nodeHttp } from './nodeHttp.js'
export { openSource } from './openSource.js'
export { othersCanWrite } from './othersCanWrite.js'
export {
  type AzureManagedIdentityTokenOptions,
  azureManagedIdentityToken,
  type GceIdentityTokenOptions,
  type GithubActionsTokenOptions,
  gceIdentityToken,
  githubActionsToken,
} from './platformTokens.js'
export { type ProxiedFetchOptions, proxiedFetch } from './proxiedFetch.js'
export { type ReadJsonOptions, readJson } from './readJson.js'
export { run } from './run.js'
export { type SignerConfig, signer } from './signer.js'
export { type SlimEnv, type SlimOptions, slimEnv } from './slimEnv.js'
export { systemClock } from './systemClock.js'
export { systemDigest } from './systemDigest.js'
export { systemRandom } from './systemRandom.js'
export { type TerminalOptions, terminalPrompt } from './terminalPrompt.js'
export { type UndiciHttpOptions, undiciHttp } from './undiciHttp.js'
export { type VerifyConfig, verifyJwt } from './verifyJwt.js'
