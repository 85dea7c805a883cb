import { Lifecycle } from '@tessera/core'
import {
  type Config,
  check,
  type Happening,
  happenings,
  lifeStates,
  modes,
  ofLifeStates,
  view,
} from '@tessera/model-check'

const step = Lifecycle.step(view)
const config = (given: Partial<Config>): Config => ({
  processes: 2,
  mode: 'strict',
  happenings,
  slips: [],
  overlap: false,
  lossy: false,
  ...given,
})

/** What the model knows to happen, in the words of a trace; each must come about somewhere below. */
const EVENTS = [
  'a tick',
  'asks',
  'writes',
  'writes, answer lost',
  'sends its write again',
  'gives its write up',
  'cannot write',
  'commits what is pending',
  'finds another version',
  'sends',
  'is too late to send',
  'cannot connect',
  'is closed before it sends',
  'is answered by the server',
  'is throttled',
  'gets a token',
  'gets invalid_grant',
  'gets 429',
  'gives up',
  'is answered by the server, late',
  'gets a late token',
  'gets a late invalid_grant',
  'loses its request',
  'loses its answer',
  'crashes',
  'is dead when the server answers',
  'refuses',
  'revokes',
  'revokes at the server',
  'meets what is owed',
  'loses its revocation',
  'starts a login',
  'has logged in',
  'the token is due',
  'the token expires',
]

test('two processes with everything: all that may happen happens, and nothing breaks as far as this goes', () => {
  const seen = new Set<string>()
  const result = check(step, config({}), {
    limit: 16_000,
    observe: (_, { event }) => {
      seen.add(event)
    },
  })
  expect(result).toMatchObject({ isCut: true, counterexample: undefined })
  expect([...seen].sort()).toEqual([...EVENTS].sort())
})

const FEW: ReadonlyArray<Happening> = ['crash', 'lost answer', 'revoke', 'expiry']

test.each(modes)('two processes, %s: nothing breaks', (mode) => {
  expect(check(step, config({ mode, happenings: FEW }), { limit: 100_000 })).toMatchObject({
    isCut: false,
    counterexample: undefined,
  })
})

test('three processes: nothing breaks', () => {
  const result = check(step, config({ processes: 3, mode: 'grace until used', happenings: ['crash', 'expiry'] }), {
    limit: 100_000,
  })
  expect(result).toMatchObject({ isCut: false, counterexample: undefined })
})

test('a process that begins something new meanwhile: nothing breaks', () => {
  const result = check(step, config({ happenings: FEW, overlap: true }), { limit: 100_000 })
  expect(result).toMatchObject({ isCut: false, counterexample: undefined })
})

test('a store that loses its last writes: what is known is restored, and nothing breaks', () => {
  const seen = new Set<string>()
  const result = check(step, config({ happenings: [], lossy: true }), {
    limit: 200_000,
    observe: (_, { event }) => {
      seen.add(event)
    },
  })
  expect(result).toMatchObject({ isCut: false, counterexample: undefined })
  expect([...seen]).toEqual(expect.arrayContaining(['the store loses its last writes', 'restores what was lost']))
})

test('an exploration that is cut says so', () => {
  expect(check(step, config({}), { limit: 100 })).toMatchObject({ isCut: true, counterexample: undefined })
})

test('the states of a session: a tombstone never becomes a session again but by a login or a self-sufficient strategy', () => {
  const acts: ReadonlyArray<Happening> = ['revoke', 'login', 'crash']
  const { transitions } = lifeStates(
    step,
    ofLifeStates.map((of) => ({ ...of, happenings: acts })),
  )
  const causes = transitions
    .filter(({ from, to }) => from.startsWith('Revok') && !to.startsWith('Revok'))
    .map(({ cause }) => cause)
  expect(new Set(causes)).toEqual(new Set(['logged in', 'requested by a self-sufficient strategy']))
})
