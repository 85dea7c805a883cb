/**
 * One session with an MCP server, for every process that shares a store.
 *
 * @packageDocumentation
 */
export { type BrowserOptions, byBrowser } from './byBrowser.js'
export { byDevice } from './byDevice.js'
export { byGrant, type GrantRequest } from './byGrant.js'
export { connectMcp, type McpConnection, type McpLoginOptions, type McpOptions } from './connectMcp.js'
export type { AuthProvider, OAuthClientProvider } from './Hosts.js'
export { isClientKey, type McpClient } from './internal/clientFor.js'
export type { Login, LoginRequest } from './Login.js'
