/**
 * What `npm run model-check` explores unless it is told otherwise.
 */
import { type Config, type Happening, happenings } from './model.js'
import { modes } from './State.js'

const configs = (
  processes: number,
  servers: ReadonlyArray<Config['mode']>,
  given: ReadonlyArray<Happening>,
  lossy = false,
): ReadonlyArray<Config> =>
  servers.map((mode) => ({ processes, mode, happenings: given, slips: [], overlap: false, lossy }))

/** Two processes with everything; three, and a store that loses writes, with less, since they have more states. */
export const suite: ReadonlyArray<Config> = [
  ...configs(2, modes, happenings),
  ...configs(3, modes, ['crash', 'lost answer', 'revoke', 'expiry']),
  ...configs(2, ['strict', 'grace until used'], ['crash', 'expiry'], true),
]

/** Enough to take every transition between the states of a session that any of the above takes. */
export const ofLifeStates: ReadonlyArray<Config> = configs(
  2,
  ['strict, kills the family', 'no refresh token'],
  ['crash', 'not sent', '429', 'refuse', 'revoke', 'login', 'expiry'],
)
