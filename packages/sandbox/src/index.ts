/**
 * A local Box-compatible OAuth 2.0 authorization server over real HTTP, for tests and demonstrations.
 */
export type { Consent } from './Browser.js'
export type { Client, ClientInput, ConfidentialClient, GrantType } from './Client.js'
export type { Clock } from './Clock.js'
export type { DpopOptions } from './Dpop.js'
export type { Fault, FaultKind, Faults } from './Faults.js'
export type { Gate, GateOptions } from './Gates.js'
export type { Endpoint, RequestRecord } from './Journal.js'
export type { Counts, IssuedTokens, Redemptions, Sandbox, SandboxOptions } from './Sandbox.js'
export type { BoxSettings } from './Settings.js'
export { startSandbox } from './startSandbox.js'
export type { Dialect, Endpoints, File, Folder, Lifetimes, Rotation, User } from './World.js'
