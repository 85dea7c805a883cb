/** `npm run proof explore -- --step` has more processes and more that may happen. */
import { Lifecycle } from '@tessera/core'
import { explore } from '../src/step/explore.js'
import { lifeStates } from '../src/step/lifeStates.js'
import { livelocks } from '../src/step/livelocks.js'
import { type Config, type Happening, makeModel } from '../src/step/model.js'
import { modes, view } from '../src/step/State.js'
import { endless, forLifeStates } from '../src/step/suite.js'

const step = Lifecycle.step(view)
const FEW: ReadonlyArray<Happening> = ['crash', '429', 'refuse', 'expiry']
const config = (given: Partial<Config> = {}): Config => ({ processes: 2, mode: 'strict', happenings: FEW, ...given })

test.each(modes)('nobody asks for ever: 2 processes, %s', (mode) => {
  expect(livelocks(step, config({ mode }))).toMatchObject({ isCut: false, found: undefined })
})

test.each(endless())('a livelock is found: $name', ({ step: broken, mode }) => {
  const { found } = livelocks(broken, config({ mode }))
  expect(found?.cycle).toEqual(expect.arrayContaining([expect.stringMatching(/ asks$/), '– a tick']))
})

test('a livelock says what happens for ever', () => {
  const mutant = endless().find(({ name }) => name === 'nobody takes over')
  const { found } = livelocks(mutant?.step ?? step, config())
  expect([...(found?.cycle ?? [])].sort()).toEqual(['A asks', '– a tick'])
})

/** What the model knows to happen; each must come about. */
const EVENTS = [
  'a tick',
  'asks',
  'asks, and takes long to write its lease',
  'cannot connect',
  'crashes',
  'gets 429',
  'gets invalid_grant',
  'gets invalid_grant, late',
  'gets token',
  'gets token, late',
  'gives up',
  'has logged in',
  'is answered by the server',
  'is answered, late',
  'is given the same token',
  'is never answered',
  'is throttled',
  'is too late to send',
  'refuses',
  'revokes',
  'starts a login',
  'the server revokes',
  'the token expires',
  'the token is due',
]

test('all that may happen happens', () => {
  const seen = new Set<string>()
  for (const of of forLifeStates) {
    const model = makeModel(step, { ...of, happenings: [...of.happenings, 'lost answer'] })
    const { isCut } = explore({ model, limit: 3_000, observe: (_, { what }) => void seen.add(what) })
    expect(isCut).toBe(true)
  }
  expect([...seen].sort()).toEqual(EVENTS)
})

test('the states of a session: a tombstone never becomes a session again but by a login or a self-sufficient strategy', () => {
  const acts: ReadonlyArray<Happening> = ['revoke', 'login', 'crash']
  const { transitions } = lifeStates(
    step,
    forLifeStates.map((of) => ({ ...of, happenings: acts })),
  )
  const causes = transitions
    .filter(({ from, to }) => from.startsWith('Revok') && !to.startsWith('Revok'))
    .map(({ cause }) => cause)
  expect(new Set(causes)).toEqual(new Set(['logged in', 'requested by a self-sufficient strategy']))
})
