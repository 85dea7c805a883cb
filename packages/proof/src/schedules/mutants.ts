/**
 * Deliberate breaks of core, each with the scenario and the property that notice it: those of the zoo, and more of the half of a token's
 * life that is not in `step`.
 */
import type { Property } from '@tessera/testing'
import type { Patch } from '../copies/loadCore.js'
import { mutants as zoo } from '../mutants/mutants.js'
import { type Scenario, scenarios } from './scenarios.js'

export interface Mutant {
  readonly name: string
  readonly scenario: string
  readonly killedBy: Property
  readonly stalls?: number
  /** It takes thousands of schedules: `npm run explore -- --mutants` tries it, and no test. */
  readonly isSlow?: boolean
  readonly patches: ReadonlyArray<Patch>
}

export const scenarioOf = ({ name, scenario }: Pick<Mutant, 'name' | 'scenario'>): Scenario => {
  const found = scenarios.find((of) => of.name === scenario)
  if (found === undefined) throw new Error(`${name} is to be noticed in "${scenario}", which is no scenario`)
  return found
}

const ofZoo = (name: string, scenario: string, killedBy: Property, stalls = 0): Mutant => {
  const patches = zoo.find((mutant) => mutant.name === name)?.patches
  if (patches === undefined) throw new Error(`the zoo has no mutant "${name}"`)
  return { name, scenario, killedBy, stalls, patches }
}

const own = (
  name: string,
  scenario: string,
  killedBy: Property,
  [file, find, replace]: readonly [file: string, find: string, replace: string],
  stalls = 0,
): Mutant => ({ name, scenario, killedBy, stalls, patches: [{ file, find, replace }] })

const slow = (mutant: Mutant): Mutant => ({ ...mutant, isSlow: true })

const REDEEM = 'session/redeem.ts'
const RENEWAL = 'lifecycle/renewal.ts'
const EPOCH = 'lifecycle/epoch.ts'
const ENDING = 'session/ending.ts'
const BEGINNING = 'session/beginning.ts'
const OWING = 'session/owing.ts'
const IS_ASKED = 'if (isEpochOf(from, cell)) {\n    return ['
const LOST_REVOCATIONS = 'ask and revoke, lost revocations'
const IN_THE_END = 'served in the end'
const NOT_LOST = 'no session lost'

export const mutants: ReadonlyArray<Mutant> = [
  ofZoo('publish before persist', '2 asks', 'persisted before returned'),
  ofZoo('lease ignored', '2 asks', 'one redemption'),
  ofZoo('sends without an acknowledged lease', '2 asks', 'one redemption'),
  ofZoo('no re-read after the wait', '2 asks', 'lineage kept'),
  ofZoo('lease shorter than the flight', '2 asks, a write that hangs', 'one redemption'),
  ofZoo('a failed write redeems again', '2 asks, a write that hangs', 'one redemption'),
  ofZoo('a take-over is not declared', '2 asks, a crash anywhere', 'one redemption'),
  ofZoo('unknown is sent again', '2 asks, a lost answer', 'one redemption'),
  ofZoo('unknown is a status', '2 asks, a lost answer', 'no session lost'),
  ofZoo('the status does not block', '2 asks, a lost answer', 'terminal until a login'),
  ofZoo('a failed recovery forgets the orphan', '2 asks, a lost answer, then no connection', 'one redemption'),
  ofZoo('the cool-down is ignored', '2 asks, no connection, then a 429', 'terminal until a login'),
  ofZoo('commit fenced by the lease', '2 asks, a late answer', 'no session lost'),
  ofZoo('late answers are dropped', 'an ask again, a late answer', 'no session lost'),
  ofZoo('a late answer is asked for again', 'an ask again, a late answer', 'one redemption'),
  ofZoo('commit to any generation', '2 asks, a failed and a lost write', 'lineage kept'),
  ofZoo('nobody takes over', '2 asks, a failed and a lost write', 'served in the end'),
  ofZoo('commit into a dead epoch', 'ask and revoke', 'nothing resurrected'),
  ofZoo('what came too late is not revoked', 'ask and revoke', 'nothing resurrected'),
  ofZoo("status on another token's invalid_grant", 'ask and revoke', 'nothing resurrected'),
  ofZoo('a tombstone is a delete', 'ask and revoke', 'lineage kept'),
  ofZoo('a tombstone keeps the epoch', 'ask and revoke', 'no session lost'),
  ofZoo('a tombstone waits for the lease', 'ask, revoke, and ask again', 'nothing resurrected'),
  ofZoo('a login undoes a revoke', 'login and revoke', 'nothing resurrected'),
  ofZoo('a login keeps the epoch', 'login and revoke', 'lineage kept'),
  ofZoo('a login forgets the grant that it replaces', 'login and revoke', 'nothing resurrected'),
  ofZoo('a refusal clears the lease', '2 asks and a refusal', 'one redemption'),
  ofZoo('a refusal moves the end of the lease', '2 asks and a refusal', 'a lease ends when it said'),
  ofZoo('a refused token is served', '2 asks and a refusal', 'refused is not served'),
  slow(
    own(
      'an old lease is used',
      '2 asks of a token that is due',
      'one redemption',
      [REDEEM, "if (clock.now() >= sendBy) return failed(AuthError.timedOut('the token store'))", ''],
      2,
    ),
  ),
  own('an unknown outcome releases the lease', '2 asks, a lost answer', 'one redemption', [
    RENEWAL,
    "case 'Unknown':\n      return [NOTHING, cell]",
    "case 'Unknown':\n      return released(event.nonce, now, 0 as Duration, cell)",
  ]),
  slow(
    own(
      "anybody's failure releases the lease",
      '2 asks of a token that is due',
      'a lease ends when it said',
      [RENEWAL, 'if (!(O.isSome(lease.nonce) && lease.nonce.value === nonce)) return [AGAIN, cell]', ''],
      2,
    ),
  ),
  own('a late rejection is dropped', 'an ask again, a lost and a late answer', IN_THE_END, [
    REDEEM,
    ': exclusively(after(timeout), async () => E.right(await failed(answer.left, true))),',
    ': Promise.resolve(answer),',
  ]),
  own('a cool-down without an end', '2 asks, no connection, then a 429', IN_THE_END, [
    RENEWAL,
    "status._tag === 'CoolingDown' && now < status.until",
    "status._tag === 'CoolingDown'",
  ]),
  own(
    'a token of the same epoch is revoked when it is dropped',
    '2 asks, a late answer, at a server with grace',
    NOT_LOST,
    [
      RENEWAL,
      "return [same ? AGAIN : { serve: O.none, action: { _tag: 'Discard' } }, cell]",
      "return [same ? AGAIN : { serve: O.none, action: { _tag: 'DiscardAndRevoke', token } }, cell]",
    ],
  ),
  own('a commit keeps the status', '2 asks, a late answer', NOT_LOST, [
    RENEWAL,
    'lease: O.none,\n    status: NO_STATUS,\n  }',
    'lease: O.none,\n  }',
  ]),
  ofZoo('a commit keeps refused', '2 asks and a refusal', 'fresh is served from memory'),
  ofZoo('a refusal clears the status', 'an ask again and a refusal, a lost answer', 'terminal until a login'),
  own('nobody is served during a renewal', '2 asks of a token that is due', 'fresh is served from memory', [
    RENEWAL,
    "return [\n    { serve, action: { _tag: 'Redeem',",
    "return [\n    { serve: O.none, action: { _tag: 'Redeem',",
  ]),
  ofZoo('the memory goes back', 'ask and refuse by one', 'refused is not served'),
  own('a revoke of any epoch', 'login and revoke', NOT_LOST, [
    EPOCH,
    IS_ASKED,
    'if (!isOrigin(nonce, cell)) {\n    return [',
  ]),
  own('a revoke is asked of whatever there is when it is written', 'login and revoke', NOT_LOST, [
    ENDING,
    'if (from === undefined || (O.isSome(origin) && isEarlier(origin.value))) from',
    'from',
  ]),
  own('every place is the one that is there', 'login and revoke', 'nothing resurrected', [
    'lifecycle/place.ts',
    'cell.epoch === epoch && (O.isNone(origin) || O.isNone(cell.origin) || isOrigin(origin.value, cell))',
    'true',
  ]),
  ofZoo('a revoke of nothing opens no epoch', 'login and revoke twice', 'nothing resurrected'),
  slow(
    own('a revoke does not end the login that was asked for before it', 'login, then revoke', 'nothing resurrected', [
      ENDING,
      'origins.has(origin) ||',
      '',
    ]),
  ),
  slow(
    own('a login begins before the revoke that was asked for before it', 'revoke, then login', NOT_LOST, [
      'session/login.ts',
      '    await revokes\n',
      '',
    ]),
  ),
  slow(
    own('a login begins after the revoke that was asked for after it', 'login, then revoke', 'nothing resurrected', [
      'session/login.ts',
      "E.isRight(start) && isOver(start.right) ? fail('Revoked') : start",
      'start',
    ]),
  ),
  slow(
    own(
      'a token that waited is not late',
      'a token to adopt and a revoke, a late store answer',
      'nothing resurrected',
      [BEGINNING, 'isOver(found) || isLate(found) ?', 'isOver(found) ?'],
      1,
    ),
  ),
  own('a tombstone forgets the token', LOST_REVOCATIONS, 'nothing resurrected', [
    EPOCH,
    'owed: O.isSome(retryAt) ? newlyOwed(tokens, retryAt.value) : O.none,',
    'owed: cell.owed,',
  ]),
  own('a login forgets what a tombstone owes', 'login and revoke, lost revocations', 'nothing resurrected', [
    EPOCH,
    '...holding(view, token, cell),\n      epoch',
    '...holding(view, token, { ...cell, owed: O.none }),\n      epoch',
  ]),
  own(
    'a start without a person forgets what a tombstone owes',
    'a revoke by one who needs no refresh token, a lost revocation',
    'nothing resurrected',
    [
      RENEWAL,
      '      status: NO_STATUS,\n      lease: O.some(',
      '      status: NO_STATUS,\n      owed: O.none,\n      lease: O.some(',
    ],
  ),
  own('what came too late is owed by nobody', LOST_REVOCATIONS, 'nothing resurrected', [
    'lifecycle/owed.ts',
    "action: { _tag: 'DiscardAndRevoke', token } }, owes.value]",
    "action: { _tag: 'DiscardAndRevoke', token } }, cell]",
  ]),
  own('one confirmation is taken for all that is owed', 'login and revoke, lost revocations', 'nothing resurrected', [
    'lifecycle/owed.ts',
    'owed: toOwed(left, cell.owed.value) }',
    'owed: O.none }',
  ]),
  own('a revocation is taken for confirmed', LOST_REVOCATIONS, 'nothing resurrected', [
    OWING,
    'const ended = tokens.filter((_, at) => isEnded(at))',
    'const ended = tokens',
  ]),
  {
    name: 'the server is told of a revoke first',
    scenario: 'ask and revoke',
    killedBy: NOT_LOST,
    patches: [
      {
        file: ENDING,
        find: '    const applied = await asked.turn.track(bury(asked, deadline))\n',
        replace:
          '    const there = await records.read(deadline)\n    if (E.isRight(there) && O.isSome(there.right.cell.token)) await owing.pay([there.right.cell.token.value], there.right, deadline)\n    const applied = await asked.turn.track(bury(asked, deadline))\n',
      },
      {
        file: OWING,
        find: "ends === 'grant' ? !Lifecycle.isHeld(view, token)(cell) :",
        replace: "ends === 'grant' ? true :",
      },
    ],
  },
  own('a login is asked of whatever there is when it ends', 'login and revoke', 'nothing resurrected', [
    BEGINNING,
    'from ??= isOver(found) || isLate(found) ? NOWHERE : Lifecycle.placeOf(found.cell)',
    'from = Lifecycle.placeOf(found.cell)',
  ]),
  own('a login that came second is served', 'login and revoke', 'persisted before returned', [
    'session/login.ts',
    'if (isOurs && (isValid(context, token) || of.validate !== undefined))',
    'if (isValid(context, token))',
  ]),
  own('an answer that comes after the close is dropped', 'ask and close', 'one redemption', [
    REDEEM,
    'const committed = await outbox.commit(',
    'if (isClosed()) return failed(AuthError.closed)\n    const committed = await outbox.commit(',
  ]),
  own('a write that failed counts as written', '2 asks, a failed and a lost write', 'persisted before returned', [
    'session/records.ts',
    "if (E.isLeft(answer)) return answer\n      if (answer.right._tag === 'Committed') return",
    "if (E.isLeft(answer)) return E.right({ decision, snapshot: at })\n      if (answer.right._tag === 'Committed') return",
  ]),
  own('what is pending is forgotten', '2 asks, a write that hangs', 'one redemption', [
    'session/outbox.ts',
    'if (E.isLeft(applied)) return heldBack(applied.left)\n    waiting.delete(acquired)',
    'if (E.isLeft(applied)) {\n      acquired.committed()\n      waiting.delete(acquired)\n      return heldBack(applied.left)\n    }\n    waiting.delete(acquired)',
  ]),
]
