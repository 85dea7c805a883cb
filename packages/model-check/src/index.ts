/**
 * The token source of core in every schedule, and `step` alone in all states of a session.
 *
 * @packageDocumentation
 */
export { type LifeState, type LifeStates, type LifeTransition, lifeStates } from './step/lifeStates.js'
export { type Livelocks, livelocks } from './step/livelocks.js'
export { type Config, type Happening, happenings } from './step/model.js'
export { type Mode, modes, type Step, view } from './step/State.js'
export { forLifeStates, forLivelocks } from './step/suite.js'
