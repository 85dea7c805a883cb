/** A part of `npm run proof explore`, which runs all, with more stalls. */
import { scenarioOf, scenarios } from '../src/schedules/scenarios.js'
import { scheduled } from '../src/schedules/scheduled.js'
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
  const found = await search({ scenario, stalls: 0, climbs: false, limit: 10_000 })
  expect(found.violations).toEqual([])
  expect(found.isComplete).toBe(true)
})

test.each(scheduled.filter(({ isSlow = false }) => !isSlow))('a mutant is noticed: $name', async (mutant) => {
  const { name, stalls = 0 } = mutant
  const { violations } = await search({
    scenario: scenarioOf(mutant),
    stalls,
    climbs: false,
    limit: 2_000,
    mutant: name,
  })
  expect(violations.map(({ property }) => property)).toContain(mutant.property)
})

test('what a mutant is noticed in is a scenario', () => {
  expect(scheduled.map(scenarioOf)).toHaveLength(scheduled.length)
  expect(() => scenarioOf({ name: 'a mutant', scenario: 'none' })).toThrow('"none", which is no scenario')
})
