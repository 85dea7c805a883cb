/**
 * What `npm run proof explore` runs in every order.
 */
import { minutes, seconds } from '@tessera/core'
import type { EveryScheduleOptions, Rotation } from '@tessera/testing'

export interface Scenario {
  readonly name: string
  readonly options: Omit<EveryScheduleOptions, 'stalls' | 'limit' | 'turn'>
  /** Time stands still while anything is on its way, whatever is asked: with more there is no end. */
  readonly mostStalls?: number
}

/** The second use of a refresh token is noticed, and ends nothing: a late answer may bring the only token that is good. */
const WITHOUT_KILL: Rotation = { _tag: 'Strict', killsFamily: false }
/** A redemption that comes second brings a second token. */

const GRACE: Rotation = { _tag: 'GraceFor', grace: minutes(10) }

export const scenarios: ReadonlyArray<Scenario> = [
  { name: '2 asks', options: {} },
  // A lease that is too old to begin to use it lives for long still.
  { name: '2 asks of a token that is due', options: { start: 'due', sourceTimeout: seconds(15) } },
  { name: '2 asks, a crash anywhere', options: { faults: { crash: 1 } } },
  { name: '2 asks, a lost answer', options: { faults: { 'lost answer': 1 } } },
  { name: '2 asks, a late answer', options: { mode: WITHOUT_KILL, faults: { 'late answer': 1 } } },
  {
    name: 'an ask again, a late answer',
    options: { mode: WITHOUT_KILL, acts: [['ask', 'ask']], faults: { 'late answer': 1 } },
  },
  { name: '2 asks, a late answer, at a server with grace', options: { mode: GRACE, faults: { 'late answer': 1 } } },
  {
    name: 'an ask again, a lost and a late answer',
    options: { mode: WITHOUT_KILL, acts: [['ask', 'ask']], faults: { 'lost answer': 1, 'late answer': 1 } },
  },
  { name: '2 asks, a lost answer, then no connection', options: { faults: { 'lost answer': 1, 'not sent': 1 } } },
  { name: '2 asks, no connection, then a 429', options: { faults: { 'not sent': 1, throttled: 1 } } },
  { name: 'ask and revoke', options: { acts: [['ask'], ['revoke']] } },
  { name: 'ask and revoke, a crash', options: { acts: [['ask'], ['revoke']], faults: { crash: 1 } } },
  {
    name: 'ask and revoke, lost revocations',
    options: { acts: [['ask'], ['revoke']], faults: { 'lost revocation': 3 } },
    mostStalls: 0,
  },
  { name: 'login and revoke twice', options: { acts: [['login'], ['revoke', 'revoke']] } },
  { name: 'login and revoke', options: { acts: [['login'], ['revoke']] } },
  { name: 'login, then revoke', options: { acts: [['login', 'revoke']] } },
  { name: 'revoke, then login', options: { acts: [['revoke', 'login']] } },
  { name: '2 logins', options: { acts: [['login'], ['login']] } },
  {
    name: 'login and revoke, lost revocations',
    options: { acts: [['login'], ['revoke']], faults: { 'lost revocation': 2 } },
    mostStalls: 0,
  },
  {
    name: 'a revoke by one who needs no refresh token, a lost revocation',
    options: { acts: [['revoke'], ['ask']], selfSufficient: true, faults: { 'lost revocation': 1 } },
  },
  {
    name: 'a token to adopt and a revoke, a late store answer',
    options: { acts: [['adopt'], ['revoke']], faults: { 'late store answer': 1 } },
    mostStalls: 1,
  },
  { name: 'ask and login', options: { acts: [['ask'], ['login']] } },
  { name: 'ask and refuse by one', options: { start: 'due', acts: [['ask', 'refuse']] } },
  { name: 'ask and revoke by one', options: { start: 'due', acts: [['ask', 'revoke']] } },
  { name: 'ask, revoke, and ask again', options: { start: 'due', acts: [['ask', 'revoke', 'ask']] } },
  { name: '2 asks and a refusal', options: { start: 'due', acts: [['ask'], ['refuse', 'ask']] } },
  {
    name: 'an ask again and a refusal, a lost answer',
    options: { acts: [['ask', 'ask', 'refuse']], faults: { 'lost answer': 1 } },
  },
  { name: '2 asks, late store answers', options: { faults: { 'late store answer': 1 } } },
  { name: '2 asks, a failed and a lost write', options: { faults: { 'failed write': 1, 'lost store answer': 1 } } },
  { name: '2 asks, a write that hangs', options: { faults: { 'hung write': 1 } } },
  { name: 'ask and close', options: { acts: [['ask', 'close'], ['ask']] } },
  { name: '2 asks, a store that may lose writes', options: { faults: { 'lost write': 1 } } },
  { name: "2 asks in the user's lock", options: { exclusive: true } },
  { name: "2 asks in the user's lock, a crash", options: { exclusive: true, faults: { crash: 1 } } },
  { name: '2 asks, a store that tells of changes', options: { wakes: true }, mostStalls: 0 },
  { name: '3 asks', options: { acts: [['ask'], ['ask'], ['ask']] }, mostStalls: 0 },
  { name: '2 asks and a revoke', options: { acts: [['ask'], ['ask'], ['revoke']] }, mostStalls: 0 },
]

/** The one in which a mutant is to be noticed. */
export const scenarioOf = ({ name, scenario }: { readonly name: string; readonly scenario: string }): Scenario => {
  const found = scenarios.find((of) => of.name === scenario)
  if (found === undefined) throw new Error(`${name} is to be noticed in "${scenario}", which is no scenario`)
  return found
}
