/**
 * What is explored of `step` alone.
 */
import { coreLoader } from '../copies/loadCore.js'
import { mutants } from '../mutants/index.js'
import { type Config, type Happening, happenings } from './model.js'
import { type Mode, modes, type Step, view } from './State.js'

const configs = (
  processes: number,
  servers: ReadonlyArray<Mode>,
  given: ReadonlyArray<Happening>,
): ReadonlyArray<Config> => servers.map((mode) => ({ processes, mode, happenings: given }))

/** Two processes with everything; three with less, since they have more states. */
export const forLivelocks: ReadonlyArray<Config> = [
  ...configs(2, modes, happenings),
  ...configs(3, modes, ['crash', '429', 'refuse', 'expiry']),
]

/** Enough to take every transition between the states of a session that any of the above takes. */
export const forLifeStates: ReadonlyArray<Config> = configs(
  1,
  ['strict, kills the family', 'no refresh token'],
  ['crash', 'slow write', 'not sent', '429', 'refuse', 'revoke', 'login', 'expiry'],
)

/** A copy of core by whose `step` somebody asks for ever, at a server of that mode. */
export interface Endless {
  readonly name: string
  readonly mode: Mode
  readonly step: Step
}

export const endless = (): ReadonlyArray<Endless> => {
  const loadCore = coreLoader()
  return mutants.flatMap(({ name, patches, judges: { livelock } }) =>
    livelock === undefined ? [] : [{ name, mode: livelock, step: loadCore(patches).Lifecycle.step(view) }],
  )
}
