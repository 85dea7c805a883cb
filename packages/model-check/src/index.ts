/**
 * The lifecycle, explored exhaustively.
 *
 * @packageDocumentation
 */
export { type Counterexample, check, type Result } from './check.js'
export { traceOf } from './format.js'
export { type LifeState, type LifeStates, type LifeTransition, lifeStates } from './lifeStates.js'
export { loadStep, type Patch } from './loadStep.js'
export { type Config, type Happening, happenings, type Slip, slips } from './model.js'
export { configOf, type Mutant, mutants } from './mutants.js'
export { type Property, properties } from './properties.js'
export { type Mode, modes, type Step, view } from './State.js'
export { ofLifeStates, suite } from './suite.js'
