import { check, configOf, loadStep, mutants, type Property, traceOf } from '@tessera/model-check'

const find = (name: string) => {
  const mutant = mutants.find((of) => of.name === name)
  if (mutant === undefined) throw new Error(`no mutant ${name}`)
  return check(loadStep(mutant.patches), configOf(mutant), { limit: 100_000 }).counterexample
}

const I1 = 'I1: one redemption'
const I2 = 'I2: the lineage is kept'
const I5 = 'I5: silence until the end of a status'
const I7 = 'I7: persisted before it is served'
const LOST = 'no session is lost'
const SUPERSEDED = 'a revoke ends the logins before it'
const REVOKED = 'what is revoked ends'
const LIVELOCK = 'no livelock'

/** The length of the shortest way to it; of a livelock, also that of the cycle. */
const shortest: ReadonlyArray<[name: string, property: Property, length: number, cycle?: number]> = [
  ['the lease is ignored', I1, 6],
  ['a refusal clears the lease', I1, 8],
  ['a refusal moves the end of the lease', 'a lease ends when it said', 4],
  ['a take-over is not declared', I1, 11],
  ['a failed recovery forgets the orphan', I1, 15],
  ["anybody's failure releases the lease", I1, 11],
  ['an unknown outcome releases the lease', I1, 8],
  ['an unknown outcome is a status', LOST, 5],
  ["a status on another token's invalid_grant", LOST, 15],
  ['a login keeps the epoch', I2, 5],
  ['a login of any epoch', I2, 5],
  ['a login does not know itself', LOST, 12],
  ['a revoke of any epoch', I2, 4],
  ['a login knows the epoch by its number', I2, 8],
  ['a revoke knows the epoch by its number', I2, 7],
  ['a revoke of nothing opens no epoch', SUPERSEDED, 2],
  ['a tombstone is a delete', I2, 2],
  ['a tombstone keeps the epoch', SUPERSEDED, 3],
  ['a tombstone forgets the token', REVOKED, 3],
  ['a login forgets the grant that it replaces', REVOKED, 3],
  ['a login forgets what a tombstone owes', REVOKED, 5],
  ['a start without a person forgets what a tombstone owes', REVOKED, 4],
  ['what came too late is owed by nobody', REVOKED, 5],
  ['one confirmation is taken for all that is owed', REVOKED, 9],
  ['commit to any generation', I2, 14],
  ['commit to any epoch', I2, 8],
  ['a token of the same epoch is revoked when it is dropped', LOST, 15],
  ['commit fenced by the lease', LOST, 8],
  ['a commit keeps the status', LOST, 15],
  ['a commit keeps the refusal', LIVELOCK, 2, 15],
  ['the status does not block', I5, 15],
  ['the cool-down is ignored', I5, 8],
  ['a refusal clears the status', I5, 15],
  ['a refused token is served', 'what is served is usable', 3],
  ['nobody is served during a renewal', 'what is usable is served', 3],
  ['nobody takes over', LIVELOCK, 6, 2],
  ['only the holder brings the status', LIVELOCK, 10, 17],
  ['a cool-down without an end', LIVELOCK, 7, 2],
  ['sends without an acknowledged lease', I1, 6],
  ['sends on an old lease', I1, 9],
  ['serves before it persists', I7, 2],
  ['forgets what the store did not take', LOST, 13],
  ['takes an unknown outcome for not sent', I1, 8],
  ['rebases a login and a revoke', I2, 4],
  ['a store without compare-and-set', I2, 4],
  ['revokes at the server first', LOST, 1],
  ['takes a revocation for confirmed', REVOKED, 4],
  ['stalls longer than the hold', I1, 9],
  ['drops a late invalid_grant', LIVELOCK, 10, 10],
]

test.each([...shortest])('%s: %s, %s events', (name, property, length, cycle = 0) => {
  const found = find(name)
  expect(found).toMatchObject({ property })
  expect([found?.trace.length, found?.cycle.length]).toEqual([length, cycle])
})

test('every mutant is in the table', () => {
  expect(shortest.map(([name]) => name)).toEqual(mutants.map(({ name }) => name))
})

test('a mutant whose text is gone is told', () => {
  expect(() => loadStep([{ find: 'no such text', replace: '' }])).toThrow(
    'not exactly once in the lifecycle: no such text',
  )
})

test('a counterexample is one line an event', () => {
  const found = find('the lease is ignored')
  expect(found && traceOf(found)).toBe(
    `I1: one redemption: a second request with token 0 while one is on its way
         event   decision                     cell                         tokens at the server
   1  A  asks    serve 0, Redeem              1.1 token 0 due              0 live
   2  A  writes  serve 0, Redeem              1.1 token 0 due lease 3τ     0 live
   3  A  sends                                1.1 token 0 due lease 3τ     0 live
   4  B  asks    serve 0, Redeem, a recovery  1.1 token 0 due lease 3τ     0 live
   5  B  writes  serve 0, Redeem, a recovery  1.1 token 0 due recovery 3τ  0 live
   6  B  sends                                1.1 token 0 due recovery 3τ  0 live`,
  )
})

test('a livelock says what happens for ever', () => {
  const found = find('nobody takes over')
  expect(found?.trace.map(({ process, event }) => `${process} ${event}`)).toContain('– a tick')
  expect(found?.cycle.map(({ process, event }) => `${process} ${event}`).sort()).toEqual(['A asks', '– a tick'])
  expect(found && traceOf(found)).toContain('      and again and again:\n')
})
