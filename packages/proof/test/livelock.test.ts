import { type Graph, labelOf } from '../src/step/explore.js'
import { findLivelock } from '../src/step/livelock.js'
import { ASKS, DELIVERS, GOES_ON, ONCE, PASSES, SETTLES } from '../src/step/model.js'
import { makeNumbers } from '../src/step/numbers.js'

type Edges = ReadonlyArray<readonly [to: number, kind: number, place: number, change?: number]>
const NOBODY = 3

/** A graph by hand: the edges of each state. */
const graphOf = (processes: number, states: ReadonlyArray<Edges>): Graph => {
  const [begin, targets, labels] = [makeNumbers(), makeNumbers(), makeNumbers()]
  for (const edges of states) {
    begin.push(targets.length())
    for (const [to, kind, place, change = 0] of edges) {
      targets.push(to)
      labels.push(labelOf(kind, place, change))
    }
  }
  begin.push(targets.length())
  return {
    processes,
    keyOf: String,
    foundFrom: (state) => state - 1,
    states: () => states.length,
    begin,
    targets,
    labels,
  }
}

const served = (kind: number): number => kind | SETTLES

test('who asks for ever and time that passes are a livelock', () => {
  const found = findLivelock(
    graphOf(1, [
      [[1, ONCE, 0]],
      [
        [1, ASKS, 0],
        [1, PASSES, NOBODY],
      ],
    ]),
  )
  expect(found).toMatchObject({ state: 1, place: 0 })
  expect(found?.cycle).toHaveLength(2)
})

test('no livelock: whoever asks is served', () => {
  expect(
    findLivelock(
      graphOf(1, [
        [
          [0, served(ASKS), 0],
          [0, PASSES, NOBODY],
        ],
      ]),
    ),
  ).toBeUndefined()
})

test('no livelock: time does not pass', () => {
  expect(
    findLivelock(
      graphOf(1, [
        [
          [0, ASKS, 0],
          [1, PASSES, NOBODY],
        ],
        [
          [1, served(ASKS), 0],
          [1, PASSES, NOBODY],
        ],
      ]),
    ),
  ).toBeUndefined()
})

test('no livelock: it takes a fault each time', () => {
  const back: Edges = [
    [0, GOES_ON | ONCE, 0],
    [1, PASSES, NOBODY],
  ]
  expect(findLivelock(graphOf(1, [[[1, ASKS, 0]], back]))).toBeUndefined()
})

test('no livelock: the other could go on all the time, and is then heard of', () => {
  const waiting: Edges = [
    [0, ASKS, 0],
    [0, PASSES, NOBODY],
    [1, GOES_ON, 1],
  ]
  const over: Edges = [
    [1, served(ASKS), 0],
    [1, served(ASKS), 1],
    [1, PASSES, NOBODY],
  ]
  expect(findLivelock(graphOf(2, [waiting, over]))).toBeUndefined()
})

test('no livelock: a message could be delivered all the time, though its process goes on', () => {
  const waiting: Edges = [
    [0, ASKS, 0],
    [0, PASSES, NOBODY],
    [0, GOES_ON, 1],
    [1, DELIVERS, 1],
  ]
  const over: Edges = [
    [1, served(ASKS), 0],
    [1, served(ASKS), 1],
    [1, PASSES, NOBODY],
  ]
  expect(findLivelock(graphOf(2, [waiting, over]))).toBeUndefined()
})

test('a livelock: the other may ask, and need not', () => {
  const waiting: Edges = [
    [0, ASKS, 0],
    [0, PASSES, NOBODY],
    [1, ASKS, 1],
  ]
  const over: Edges = [
    [1, served(ASKS), 0],
    [1, served(ASKS), 1],
    [1, PASSES, NOBODY],
  ]
  expect(findLivelock(graphOf(2, [waiting, over]))).toMatchObject({ state: 0, place: 0 })
})

test('a livelock: what could go on cannot all the time', () => {
  const free: Edges = [
    [1, ASKS, 0],
    [1, PASSES, NOBODY],
    [2, GOES_ON, 1],
  ]
  const blocked: Edges = [
    [0, ASKS, 0],
    [0, PASSES, NOBODY],
  ]
  const over: Edges = [
    [2, served(ASKS), 0],
    [2, PASSES, NOBODY],
  ]
  expect(findLivelock(graphOf(2, [free, blocked, over]))).toMatchObject({ state: 0 })
})

test('where places change, the served is the other one each time', () => {
  // Whoever is in place 0 is served, and goes to place 1: both are served in turn.
  const turn: Edges = [
    [0, served(ASKS), 0, 1],
    [0, ASKS, 1],
    [0, PASSES, NOBODY],
  ]
  expect(findLivelock(graphOf(2, [turn]))).toMatchObject({ place: 1 })
  const fair: Edges = [
    [0, served(GOES_ON), 0, 1],
    [0, ASKS, 1],
    [0, PASSES, NOBODY],
  ]
  expect(findLivelock(graphOf(2, [fair]))).toBeUndefined()
})
