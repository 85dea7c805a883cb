/**
 * What the laws must tell apart: the broken specimens, as data. The honest ones are in `zoo.ts`.
 */
export { brokenSources } from './brokenSources.js'
export { brokenStores } from './brokenStores.js'
export { brokenStrategies } from './brokenStrategies.js'
export { type Judging, judging, type Mode, modes, type Options, turn } from './judging.js'
export { type Core, coreLoader, type Patch } from './loadCore.js'
export { type Mutant, mutants, withAnotherAccount } from './mutants.js'
export type { Kind, SourceSpecimen, Specimen, StoreSpecimen } from './Specimen.js'
