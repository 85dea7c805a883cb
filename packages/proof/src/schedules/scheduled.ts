/** The mutants that some schedule brings to light, each with the scenario and the property that notice it. */

import { mutants } from '../mutants/index.js'
import type { BySchedules } from '../mutants/Mutant.js'

export interface Scheduled extends BySchedules {
  readonly name: string
}

export const scheduled: ReadonlyArray<Scheduled> = mutants.flatMap(({ name, judges: { schedules } }) =>
  schedules === undefined ? [] : [{ name, ...schedules }],
)
