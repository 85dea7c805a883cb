/**
 * Box as data: `import * as Box from '@tessera/box'`.
 *
 * @packageDocumentation
 */
export { type ClientOptions, client, type Device } from './client.js'
export { developerToken } from './developerToken.js'
export { file, folder, type ItemId, itemId, sharedLink } from './resource.js'
export { type OtherScope, type Scope, scope } from './scope.js'
export { server, serverAt } from './server.js'
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
