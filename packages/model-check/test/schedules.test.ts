/** A part of `npm run explore`, which runs all, with more stalls. */
import { mutants, scenarioOf } from '../src/schedules/mutants.js'
import { scenarios } from '../src/schedules/scenarios.js'
import { search } from '../src/schedules/search.js'

const small = scenarios.filter(({ name }) =>
  [
    '2 asks',
    '2 asks of a token that is due',
    '2 asks, a crash anywhere',
    '2 asks, a lost answer',
    'login and revoke',
    'ask and close',
    '2 asks, a failed and a lost write',
    '2 asks, a store that may lose writes',
    "2 asks in the user's lock",
    '3 asks',
  ].includes(name),
)

test.each(small)('every schedule of core: $name', async (scenario) => {
  const { isComplete, violations } = await search({ scenario, stalls: 0, limit: 10_000, patches: [] })
  expect(violations).toEqual([])
  expect(isComplete).toBe(true)
})

test.each(mutants.filter(({ scenario }) => scenario === '2 asks' || scenario === 'login and revoke'))(
  'a mutant is noticed: $name',
  async (mutant) => {
    const { violations } = await search({
      scenario: scenarioOf(mutant),
      stalls: mutant.stalls ?? 0,
      limit: 1_000,
      patches: mutant.patches,
    })
    expect(violations.map(({ property }) => property)).toContain(mutant.killedBy)
  },
)

test('what a mutant is noticed in is a scenario', () => {
  expect(mutants.map(scenarioOf)).toHaveLength(mutants.length)
  expect(() => scenarioOf({ name: 'a mutant', scenario: 'none' })).toThrow('"none", which is no scenario')
})
