/**
 * Arbitraries, an environment without effects, a modelled authorization server, laws, commands and interleavings.
 *
 * @packageDocumentation
 */
export * from './arbitraries.js'
export * from './interleavings.js'
export type { Bench, Reply } from './internal/bench.js'
export * from './Law.js'
export * from './modelServer.js'
export * from './Parts.js'
export { type Property, properties, type Violation } from './properties.js'
export * from './recordedPrompt.js'
export * as ServerModel from './ServerModel.js'
export { type Rotation, rotations } from './ServerModel.js'
export * from './scenarios.js'
export * from './scriptedStrategy.js'
export * from './sourceCommands.js'
export { records, type StoreCommand, type StoreModel, type StoreUnderTest, storeCommands } from './storeCommands.js'
export { type Bounds, type TestClock, type TestClockOptions, testClock } from './testClock.js'
export * from './testEnvironment.js'
export * from './testRandom.js'
export * from './tokenSourceLaws.js'
export * from './tokenStoreLaws.js'
export * from './transport.js'
