/**
 * Deliberate breaks of `step`, and of the rules that the runtime keeps to, as data: each with the property that must notice it.
 */
import type { Patch } from './loadStep.js'
import { type Config, type Happening, happenings, type Slip } from './model.js'
import type { Property } from './properties.js'
import type { Mode } from './State.js'

export interface Mutant {
  readonly name: string
  readonly mode: Mode
  readonly killedBy: Property
  readonly patches: ReadonlyArray<Patch>
  readonly slips: ReadonlyArray<Slip>
  /** What must happen for it; less than all where another property would notice first, or all states are looked at. */
  readonly happenings: ReadonlyArray<Happening>
  /** It takes two histories of one key. */
  readonly lossy?: boolean
}

const I1 = 'I1: one redemption'
const I2 = 'I2: the lineage is kept'
const I5 = 'I5: silence until the end of a status'
const I7 = 'I7: persisted before it is served'
const LOST = 'no session is lost'
const SUPERSEDED = 'a revoke ends the logins before it'
const LIVELOCK = 'no livelock'
const REVOKED = 'what is revoked ends'

/** What the mutants of `step` need: without the rest their shortest ways are found sooner. */
const MORE: ReadonlyArray<Happening> = [
  'crash',
  'not sent',
  '429',
  'lost store answer',
  'refuse',
  'revoke',
  'login',
  'expiry',
]

/** All states are looked at for a livelock: these suffice for those below. */
const FEW: ReadonlyArray<Happening> = ['crash', '429', 'refuse', 'expiry']

const inStep = (
  name: string,
  mode: Mode,
  killedBy: Property,
  ...patches: ReadonlyArray<readonly [find: string, replace: string]>
): Mutant => ({
  name,
  mode,
  killedBy,
  patches: patches.map(([find, replace]) => ({ find, replace })),
  slips: [],
  happenings: killedBy === LIVELOCK ? FEW : MORE,
})

/** What it takes is far away, amid all that may happen. */
const amid = (few: ReadonlyArray<Happening>, mutant: Mutant): Mutant => ({ ...mutant, happenings: few })

const inHistories = (few: ReadonlyArray<Happening>, mutant: Mutant): Mutant => ({ ...amid(few, mutant), lossy: true })

const inRuntime = (name: Slip, mode: Mode, killedBy: Property, few: ReadonlyArray<Happening> = happenings): Mutant => ({
  name,
  mode,
  killedBy,
  patches: [],
  slips: [name],
  happenings: few,
})

const NOT_ENDED = 'if (O.isSome(cell.lease) && now < cell.lease.value.until) {'

export const mutants: ReadonlyArray<Mutant> = [
  inStep('the lease is ignored', 'grace until used', I1, [NOT_ENDED, 'if (false) {']),
  inStep('a refusal clears the lease', 'grace until used', I1, [
    '{ ...cell, refused: true,',
    '{ ...cell, lease: O.none, refused: true,',
  ]),
  inStep('a refusal moves the end of the lease', 'grace for a time', 'a lease ends when it said', [
    '{ ...cell, refused: true,',
    '{ ...cell, lease: O.isSome(cell.lease) ? O.some({ ...cell.lease.value, until: cell.lease.value.until + 1 }) : O.none, refused: true,',
  ]),
  inStep('a take-over is not declared', 'grace until used', I1, [
    'const recovery = O.isSome(cell.lease)',
    'const recovery = false',
  ]),
  inStep('a failed recovery forgets the orphan', 'grace until used', I1, [
    'lease: lease.recovery ? O.some({ ...lease, nonce: O.none, until: now }) : O.none,',
    'lease: O.none,',
  ]),
  inStep("anybody's failure releases the lease", 'grace until used', I1, [
    'if (!(O.isSome(lease.nonce) && lease.nonce.value === nonce)) return [AGAIN, cell]',
    '',
  ]),
  inStep('an unknown outcome releases the lease', 'grace until used', I1, [
    "case 'Unknown':\n      return [NOTHING, cell]",
    "case 'Unknown':\n      return released(event.nonce, now, 0, cell)",
  ]),
  inStep('an unknown outcome is a status', 'grace until used', LOST, [
    "case 'Unknown':\n      return [NOTHING, cell]",
    "case 'Unknown':\n      return [NOTHING, { ...cell, lease: O.none, status: { _tag: 'LogInAgain' } }]",
  ]),
  inStep(
    "a status on another token's invalid_grant",
    'strict',
    LOST,
    ['if (!isParent(event.parent, cell)) return [AGAIN, cell]', ''],
    ['const concerned = O.isSome(refresh) && view.equals(refresh.value, failure.refresh)', 'const concerned = true'],
  ),
  inStep('a login keeps the epoch', 'grace until used', I2, [
    'epoch: cell.epoch + 1,\n      generation: cell.generation + 1,',
    'epoch: cell.epoch,\n      generation: cell.generation + 1,',
  ]),
  inStep('a login of any epoch', 'grace until used', I2, [
    'if (isEpochOf(from, cell)) {\n    const next',
    'if (true) {\n    const next',
  ]),
  amid(
    ['lost store answer', 'login', 'expiry'],
    inStep('a login does not know itself', 'grace until used', LOST, [
      'if (isOrigin(nonce, cell)) return [AGAIN, cell]',
      '',
    ]),
  ),
  inStep('a revoke of any epoch', 'grace until used', I2, [
    'if (isEpochOf(from, cell)) {\n    return [',
    'if (!isOrigin(nonce, cell)) {\n    return [',
  ]),
  inHistories(
    ['login', 'revoke'],
    inStep('a login knows the epoch by its number', 'grace until used', I2, [
      'if (isEpochOf(from, cell)) {\n    const next',
      'if (cell.epoch === from.epoch) {\n    const next',
    ]),
  ),
  inHistories(
    ['login', 'revoke'],
    inStep('a revoke knows the epoch by its number', 'grace until used', I2, [
      'if (isEpochOf(from, cell)) {\n    return [',
      'if (cell.epoch === from.epoch) {\n    return [',
    ]),
  ),
  inStep('a revoke of nothing opens no epoch', 'grace until used', SUPERSEDED, [
    'if (isEpochOf(from, cell)) {\n    return [',
    'if (isEpochOf(from, cell) && (O.isSome(cell.token) || O.isSome(cell.lease))) {\n    return [',
  ]),
  inStep('a tombstone is a delete', 'grace until used', I2, [
    '        ...cell,\n        epoch: cell.epoch + 1,\n        origin: O.some(nonce),',
    '        ...cell,\n        epoch: 0,\n        generation: 0,\n        since: O.none,\n        origin: O.some(nonce),',
  ]),
  inStep('a tombstone keeps the epoch', 'grace until used', SUPERSEDED, [
    'epoch: cell.epoch + 1,\n        origin: O.some(nonce),',
    'epoch: cell.epoch,\n        origin: O.some(nonce),',
  ]),
  inStep('a tombstone forgets the token', 'grace until used', REVOKED, [
    'owed: O.isSome(retryAt) ? newlyOwed(tokens, retryAt.value) : O.none,',
    'owed: cell.owed,',
  ]),
  inStep('a login forgets the grant that it replaces', 'grace until used', REVOKED, [
    "const replaced = cell.status._tag === 'LogInAgain' ? O.none : cell.token",
    'const replaced: O.Option<T> = O.none',
  ]),
  inStep('a login forgets what a tombstone owes', 'grace until used', REVOKED, [
    '...holding(view, token, cell),\n      epoch',
    '...holding(view, token, { ...cell, owed: O.none }),\n      epoch',
  ]),
  inStep('a start without a person forgets what a tombstone owes', 'no refresh token', REVOKED, [
    '      status: NO_STATUS,\n      lease: O.some(',
    '      status: NO_STATUS,\n      owed: O.none,\n      lease: O.some(',
  ]),
  inStep('what came too late is owed by nobody', 'grace until used', REVOKED, [
    "action: { _tag: 'DiscardAndRevoke', token } }, owes.value]",
    "action: { _tag: 'DiscardAndRevoke', token } }, cell]",
  ]),
  amid(
    ['crash', 'login'],
    inStep('one confirmation is taken for all that is owed', 'grace until used', REVOKED, [
      'owed: toOwed(left, cell.owed.value) }',
      'owed: O.none }',
    ]),
  ),
  inStep('commit to any generation', 'grace for a time', I2, [
    'if (cell.generation !== parent.generation)\n',
    'if (false)\n',
  ]),
  inStep('commit to any epoch', 'grace until used', I2, [
    'if (!isEpochOf(parent, cell)) return discarded',
    'if (false) return discarded',
  ]),
  inStep('a token of the same epoch is revoked when it is dropped', 'grace for a time', LOST, [
    "return [same ? AGAIN : { serve: O.none, action: { _tag: 'Discard' } }, cell]",
    "return [same ? AGAIN : { serve: O.none, action: { _tag: 'DiscardAndRevoke', token } }, cell]",
  ]),
  inStep('commit fenced by the lease', 'strict', LOST, [
    '  const next: Cell<T> = {\n    ...holding',
    "  if (O.isNone(cell.lease) || event.now >= cell.lease.value.until) return [{ serve: O.none, action: { _tag: 'Discard' } }, cell]\n  const next: Cell<T> = {\n    ...holding",
  ]),
  inStep('a commit keeps the status', 'strict', LOST, [
    'lease: O.none,\n    status: NO_STATUS,\n  }',
    'lease: O.none,\n  }',
  ]),
  inStep('a commit keeps the refusal', 'grace until used', LIVELOCK, [
    'generation: cell.generation + 1,\n    refused: false,\n    lease: O.none,\n    status: NO_STATUS,\n  }',
    'generation: cell.generation + 1,\n    lease: O.none,\n    status: NO_STATUS,\n  }',
  ]),
  inStep('the status does not block', 'strict', I5, ["if (status._tag === 'LogInAgain') return", 'if (false) return']),
  inStep('the cool-down is ignored', 'grace until used', I5, [
    "status._tag === 'CoolingDown' && now < status.until",
    'false',
  ]),
  inStep('a refusal clears the status', 'strict', I5, [
    "status: cell.status._tag === 'CoolingDown' ?",
    "status: cell.status._tag === 'CoolingDown' || cell.status._tag === 'LogInAgain' ?",
  ]),
  inStep('a refused token is served', 'grace until used', 'what is served is usable', [
    '!cell.refused && isBefore',
    'isBefore',
  ]),
  inStep('nobody is served during a renewal', 'grace until used', 'what is usable is served', [
    "[{ serve, action: usable ? { _tag: 'None' } : action }, cell]",
    '[{ serve: O.none, action }, cell]',
  ]),
  inStep('nobody takes over', 'grace until used', LIVELOCK, [NOT_ENDED, 'if (O.isSome(cell.lease)) {']),
  inStep('only the holder brings the status', 'strict', LIVELOCK, [
    "return concerned && cell.status._tag !== 'LogInAgain'",
    "return concerned && cell.status._tag !== 'LogInAgain' && O.isSome(cell.lease) && O.toNullable(cell.lease.value.nonce) === event.nonce",
  ]),
  inStep('a cool-down without an end', 'grace until used', LIVELOCK, [
    "status._tag === 'CoolingDown' && now < status.until",
    "status._tag === 'CoolingDown'",
  ]),
  inRuntime('sends without an acknowledged lease', 'grace until used', I1),
  inRuntime('sends on an old lease', 'grace until used', I1),
  inRuntime('serves before it persists', 'grace until used', I7),
  inRuntime('forgets what the store did not take', 'strict', LOST, ['failed write']),
  inRuntime('takes an unknown outcome for not sent', 'grace until used', I1),
  inRuntime('rebases a login and a revoke', 'grace until used', I2),
  inRuntime('a store without compare-and-set', 'grace until used', I2),
  inRuntime('revokes at the server first', 'grace until used', LOST),
  inRuntime('takes a revocation for confirmed', 'strict', REVOKED),
  inRuntime('stalls longer than the hold', 'grace until used', I1),
  inRuntime('drops a late invalid_grant', 'strict', LIVELOCK, FEW),
]

/** Two processes are enough to notice any of them. */
export const configOf = ({ mode, slips, happenings: given, lossy = false }: Mutant): Config => ({
  processes: 2,
  mode,
  happenings: given,
  slips,
  overlap: false,
  lossy,
})
