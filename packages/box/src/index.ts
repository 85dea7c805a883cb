/**
 * Box as data: `import * as Box from '@tessera/box'`.
 *
 * @packageDocumentation
 */
export { type Actor, type ActorOptions, actor } from './actor.js'
export { type App, type AppOptions, app } from './app.js'
export { type AuthorizationRequestOptions, authorizationRequest } from './authorizationRequest.js'
export { type ClientOptions, client, type Device } from './client.js'
export { type ClientCredentialsOptions, clientCredentials } from './clientCredentials.js'
export { type DeveloperTokenOptions, developerToken } from './developerToken.js'
export { type JwtOptions, jwt } from './jwt.js'
export { provider } from './provider.js'
export { file, folder, type ItemId, type ItemOptions, itemId, sharedLink } from './resource.js'
export { type RevocationOptions, revocation } from './revocation.js'
export { type OtherScope, type Scope, scope } from './scope.js'
export { server, serverAt } from './server.js'
export { type ServiceAccountOptions, serviceAccount } from './serviceAccount.js'
export {
  type AppAuth,
  type Key,
  keyOf,
  parseSettings,
  type Settings,
  type SettingsOverrides,
  settings,
} from './settings.js'
export { clockSkew } from './skew.js'
export {
  enterprise,
  type RememberingOptions,
  remembering,
  type Subject,
  type SubjectChoice,
  type Subjects,
  type SubjectType,
  user,
} from './subject.js'
export {
  type DownscopeOptions,
  downscoped,
  type Target,
  type TokenExchangeOptions,
  tokenExchange,
} from './tokenExchange.js'
