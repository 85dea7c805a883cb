/**
 * Deliberate breaks of core, each with the scenario and the property that notice it: those of the zoo, and more of the half of a token's
 * life that is not in `step`.
 */
import type { Property } from '@tessera/testing'
import { type Patch, mutants as zoo } from '@tessera/zoo'
import { type Scenario, scenarios } from './scenarios.js'

export interface Mutant {
  readonly name: string
  readonly scenario: string
  readonly killedBy: Property
  readonly stalls?: number
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

const REDEEM = 'session/redeem.ts'

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
  ofZoo('a tombstone waits for the lease', 'ask, revoke, and ask again', 'refused is not served'),
  ofZoo('a login undoes a revoke', 'login and revoke', 'nothing resurrected'),
  ofZoo('a login keeps the epoch', 'login and revoke', 'lineage kept'),
  ofZoo('a login forgets the grant that it replaces', 'login and revoke', 'nothing resurrected'),
  ofZoo('a refusal clears the lease', '2 asks and a refusal', 'one redemption'),
  ofZoo('a refusal moves the end of the lease', '2 asks and a refusal', 'a lease ends when it said'),
  ofZoo('a refused token is served', '2 asks and a refusal', 'refused is not served'),
  own(
    'an old lease is used',
    '2 asks of a token that is due',
    'one redemption',
    [REDEEM, "if (clock.now() >= sendBy) return failed(AuthError.timedOut('the token store'))", ''],
    2,
  ),
  own('a login is asked of whatever there is when it ends', 'login and revoke', 'nothing resurrected', [
    'session/beginning.ts',
    'from ??= isOver(found) || isLate(found) ? NOWHERE : Lifecycle.placeOf(found.cell)',
    'from = Lifecycle.placeOf(found.cell)',
  ]),
  own('a login that came second is served', 'login and revoke', 'persisted before returned', [
    'session/login.ts',
    'if (isOurs && isValid(context, of.token))',
    'if (isValid(context, of.token))',
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
