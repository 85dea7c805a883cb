/**
 * OAuth 2.0 providers as data: `import * as Providers from '@tessera/providers'`.
 *
 * @packageDocumentation
 */
export { all } from './all.js'
export { type ClientOptions, client } from './client.js'
export { type EndpointsOptions, endpoints } from './endpoints.js'
export { generic } from './generic.js'
export type { Endpoints, GrantType, Preset, RefreshTokens, Source, Topic, Variable } from './Preset.js'
export * from './presets.js'
export { type ServerOptions, server } from './server.js'
