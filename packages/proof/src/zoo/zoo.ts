/** All specimens. */
import { tokenSourceLaws, tokenStoreLaws } from '@tessera/testing'
import { brokenSources } from './brokenSources.js'
import { brokenStores } from './brokenStores.js'
import { brokenStrategies } from './brokenStrategies.js'
import { honest } from './honest.js'
import { judging, modes } from '../copies/judging.js'
import { coreLoader } from '../copies/loadCore.js'
import { mutants } from '../mutants/mutants.js'
import type { Kind, SourceSpecimen, Specimen } from './Specimen.js'

const ofSource =
  (kind: Kind) =>
  ({ name, make }: SourceSpecimen): Specimen => ({
    kind,
    name,
    isHonest: false,
    laws: () => tokenSourceLaws(make),
  })

/** The broken specimens. */
export const broken = (): ReadonlyArray<Specimen> => {
  const loadCore = coreLoader()
  return [
    ...brokenStores().map(
      ({ name, make, lose }): Specimen => ({
        kind: 'store',
        name,
        isHonest: false,
        laws: () => tokenStoreLaws(make, lose === undefined ? {} : { lose }),
      }),
    ),
    ...brokenSources().map(ofSource('source')),
    ...brokenStrategies().map(ofSource('strategy')),
    ...mutants.map(
      ({ name, killedBy, mode, patches = [], options = {}, focus, isScheduled = false }): Specimen => ({
        kind: 'step',
        name,
        isHonest: false,
        isScheduled,
        laws: () => [
          judging(loadCore(patches), modes[mode], options, {
            properties: [killedBy],
            ...(focus !== undefined && { focus }),
          }),
        ],
      }),
    ),
  ]
}

/** All of them. */
export const zoo = (): ReadonlyArray<Specimen> => [...honest(), ...broken()]
