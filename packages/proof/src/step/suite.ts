/**
 * What is explored of `step` alone.
 */
import { coreLoader, type Patch } from '../copies/loadCore.js'
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

/** A deliberate break of `step` by which somebody asks for ever. */
export interface Mutant {
  readonly name: string
  readonly mode: Mode
  readonly patches: ReadonlyArray<Patch>
}

const inStep = (name: string, mode: Mode, find: string, replace: string): Mutant => ({
  name,
  mode,
  patches: [{ file: 'lifecycle/renewal.ts', find, replace }],
})

export const mutants: ReadonlyArray<Mutant> = [
  inStep(
    'a commit keeps the refusal',
    'strict',
    'generation: cell.generation + 1,\n    refused: false,\n',
    'generation: cell.generation + 1,\n',
  ),
  inStep(
    'nobody takes over',
    'strict',
    'if (O.isSome(cell.lease) && now < cell.lease.value.until) {',
    'if (O.isSome(cell.lease)) {',
  ),
  inStep(
    'only the holder brings the status',
    'strict',
    "return concerned && cell.status._tag !== 'LogInAgain'",
    "return concerned && cell.status._tag !== 'LogInAgain' && O.isSome(cell.lease) && O.toNullable(cell.lease.value.nonce) === event.nonce",
  ),
  inStep(
    'a cool-down without an end',
    'strict',
    "status._tag === 'CoolingDown' && now < status.until",
    "status._tag === 'CoolingDown'",
  ),
]

export const mutantStep = ({ patches }: Mutant): Step => coreLoader()(patches).Lifecycle.step(view)
