import { Lifecycle } from '@tessera/core'
import fc from 'fast-check'
import { encode } from '../src/step/encode.js'
import { happenings, makeModel, type Transition } from '../src/step/model.js'
import { modes, type State, view } from '../src/step/State.js'

const walk = (start: State, transitions: (state: State) => ReadonlyArray<Transition>, choices: ReadonlyArray<number>) =>
  choices.reduce((state, choice) => {
    const next = transitions(state)
    return next[choice % next.length]?.next ?? state
  }, start)

test.each(modes)('%s: processes that change places, and a clock that goes on, are the same state', (mode) => {
  const model = makeModel(Lifecycle.step(view), { processes: 3, mode, happenings })
  const transitions = (state: State): ReadonlyArray<Transition> => {
    const all: Array<Transition> = []
    model.transitions(state, (transition) => {
      all.push(transition)
    })
    return all
  }
  const keysAfter = (state: State): ReadonlyArray<string> => transitions(state).map(({ next }) => encode(next).key)
  fc.assert(
    fc.property(
      fc.array(fc.nat(1_000), { maxLength: 25 }),
      fc.shuffledSubarray([0, 1, 2], { minLength: 3 }),
      fc.constantFrom(...model.starts),
      (given, order, start) => {
        const state = walk(start, transitions, given)
        const processes = order.flatMap((i) => state.processes.slice(i, i + 1))
        const shuffled: State = { ...state, processes }
        expect(encode(shuffled).key).toBe(encode(state).key)
        expect([...keysAfter(shuffled)].sort()).toEqual([...keysAfter(state)].sort())
      },
    ),
    { numRuns: 60 },
  )
})
