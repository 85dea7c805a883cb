/**
 * One check: all states of one model, and what is wrong with them.
 */

import { makeModel } from './automaton.js'
import { makeEncode } from './encode.js'
import { type ExploreOptions, explore, pathTo } from './explore.js'
import { findLivelock } from './livelock.js'
import type { Config } from './model.js'
import type { Property } from './properties.js'
import type { Step } from './State.js'
import { type Line, lineOf, replay } from './trace.js'

export interface Counterexample {
  readonly property: Property
  readonly detail: string
  /** The shortest way to it. */
  readonly trace: ReadonlyArray<Line>
  /** Of a livelock: what then happens for ever. */
  readonly cycle: ReadonlyArray<Line>
}

export interface Result {
  readonly states: number
  readonly transitions: number
  readonly depth: number
  /** There are more states than the limit. */
  readonly isCut: boolean
  readonly counterexample: Counterexample | undefined
}

export const check = (
  step: Step,
  config: Config,
  options: Pick<ExploreOptions, 'limit' | 'observe' | 'progress'>,
): Result => {
  const model = makeModel(step, config)
  const encode = makeEncode(config.mode)
  const { graph, transitions, depth, isCut, violation } = explore({ model, encode, ...options })
  const counts = { states: graph.states(), transitions, depth, isCut }
  if (violation !== undefined) {
    const [start = '', ...keys] = violation.path
    const trace = replay(
      model,
      encode,
      start,
      keys.map((key) => ({ key })),
    )
    return { ...counts, counterexample: { ...violation.violation, trace: trace.map(lineOf), cycle: [] } }
  }
  const livelock = isCut ? undefined : findLivelock(graph)
  if (livelock === undefined) return { ...counts, counterexample: undefined }
  const [start = '', ...keys] = pathTo(graph, livelock.state)
  const lines = replay(model, encode, start, [
    ...keys.map((key) => ({ key })),
    ...livelock.cycle.map(({ target, place }) => ({ key: graph.keyOf(target), place })),
  ])
  const entry = lines[keys.length - 1]?.next ?? model.starts[0]
  const watched = entry === undefined ? 0 : encode(entry).places.indexOf(livelock.place)
  return {
    ...counts,
    counterexample: {
      property: 'no livelock',
      detail: `process ${String.fromCharCode(65 + watched)} asks for ever, and is neither served nor told to log in`,
      trace: lines.slice(0, keys.length).map(lineOf),
      cycle: lines.slice(keys.length).map(lineOf),
    },
  }
}
