/** All specimens. */
import { tokenSourceLaws, tokenStoreLaws } from '@tessera/testing'
import { judging, modes, sourcesOf } from '../copies/judging.js'
import { coreLoader } from '../copies/loadCore.js'
import { mutants } from '../mutants/index.js'
import type { Mutant } from '../mutants/Mutant.js'
import { brokenSources } from './brokenSources.js'
import { brokenStores } from './brokenStores.js'
import { brokenStrategies } from './brokenStrategies.js'
import { honest } from './honest.js'
import type { Kind, SourceSpecimen, Specimen } from './Specimen.js'

const ofSource =
  (kind: Kind) =>
  ({ name, make }: SourceSpecimen): Specimen => ({
    kind,
    name,
    isHonest: false,
    laws: () => tokenSourceLaws(make),
  })

type LoadCore = ReturnType<typeof coreLoader>

const byInterleavings =
  (loadCore: LoadCore) =>
  ({ name, patches, around, judges: { interleavings } }: Mutant): ReadonlyArray<Specimen> => {
    if (interleavings === undefined) return []
    const { property, mode, focus, isSlow = false } = interleavings
    const judge = { properties: [property], ...(focus !== undefined && { focus }) }
    return [
      {
        kind: 'step',
        name,
        isHonest: false,
        isSlow,
        laws: () => [judging(loadCore(patches), modes[mode], around, judge)],
      },
    ]
  }

/** The same copies, before the law of a source that they break. */
const byLaw =
  (loadCore: LoadCore) =>
  ({ name, patches, judges: { law } }: Mutant): ReadonlyArray<Specimen> =>
    law === undefined
      ? []
      : [
          {
            kind: 'source',
            name,
            isHonest: false,
            laws: () => tokenSourceLaws(sourcesOf(loadCore(patches))).filter((of) => of.name === law),
          },
        ]

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
    ...mutants.flatMap(byInterleavings(loadCore)),
    ...mutants.flatMap(byLaw(loadCore)),
  ]
}

/** All of them. */
export const zoo = (): ReadonlyArray<Specimen> => [...honest(), ...broken()]
