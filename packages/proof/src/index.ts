/**
 * What tests of other packages and the pages need of it: copies of core before the interleavings, and the states of a session.
 *
 * @packageDocumentation
 */

export { type Around, type Judging, judging, type Mode, modes } from './copies/judging.js'
export { type Core, coreLoader, type Patch } from './copies/loadCore.js'
export { mutants } from './mutants/index.js'
export type { Mutant } from './mutants/Mutant.js'
export { type LifeState, type LifeStates, type LifeTransition, lifeStates } from './step/lifeStates.js'
export { view } from './step/State.js'
export { forLifeStates } from './step/suite.js'
