/**
 * Arbitraries, a virtual clock, a modelled authorization server and laws.
 *
 * @packageDocumentation
 */
export * from './arbitraries.js'
export * from './Law.js'
export * from './modelServer.js'
export * from './recordedPrompt.js'
export * from './scriptedStrategy.js'
export * from './storeCommands.js'
export * from './testClock.js'
export * from './testRandom.js'
export * from './tokenStoreLaws.js'
