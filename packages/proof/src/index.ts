/**
 * What tests of other packages and the pages need of it: copies of core before the interleavings, and the states of a session.
 *
 * @packageDocumentation
 */
export { type Core, coreLoader, type Patch } from './copies/loadCore.js'
export { type LifeState, type LifeStates, type LifeTransition, lifeStates } from './step/lifeStates.js'
export { view } from './step/State.js'
export { forLifeStates } from './step/suite.js'
export { type Judging, judging, type Mode, modes, type Options } from './copies/judging.js'
