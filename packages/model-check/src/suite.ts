/**
 * What `npm run model-check` explores unless it is told otherwise.
 */
import { type Config, type Happening, happenings } from './model.js'
import { modes } from './State.js'

/** Three processes have more states: not everything happens to them. */
export const OF_THREE: ReadonlyArray<Happening> = ['expiry', 'crash', 'lost answer', 'revoke', 'refuse']

export const suite: ReadonlyArray<Config> = [
  ...modes.map((mode): Config => ({ processes: 2, mode, happenings, slips: [], overlap: false })),
  ...modes.map((mode): Config => ({ processes: 3, mode, happenings: OF_THREE, slips: [], overlap: false })),
]

/** Enough to take every transition between the states of a session that any of the above takes. */
export const ofLifeStates: ReadonlyArray<Config> = (['strict, kills the family', 'no refresh token'] as const).map(
  (mode): Config => ({
    processes: 2,
    mode,
    happenings: ['crash', 'not sent', '429', 'refuse', 'revoke', 'login', 'expiry'],
    slips: [],
    overlap: false,
  }),
)
