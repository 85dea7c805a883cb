/**
 * One search: all states of a session, and whether somebody may ask in them for ever.
 */
import { encode } from './encode.js'
import { explore, pathTo } from './explore.js'
import { findLivelock } from './livelock.js'
import { type Config, type Model, makeModel } from './model.js'
import type { State, Step } from './State.js'

export interface Livelocks {
  readonly states: number
  readonly isCut: boolean
  /** The shortest way to one, in words, and what then happens for ever. */
  readonly found: { readonly way: ReadonlyArray<string>; readonly cycle: ReadonlyArray<string> } | undefined
}

/** A state on a path, and, where it is known, the place of who acts on the way to it. */
interface Stop {
  readonly key: string
  readonly place?: number
}

/** The states of a path again, each process with its own name all the way. */
const replay = (model: Model, start: string, stops: ReadonlyArray<Stop>): ReadonlyArray<string> => {
  let at = model.starts.find((state) => encode(state).key === start)
  return stops.map(({ key, place }) => {
    if (at === undefined) throw new Error('not a path')
    const { places } = encode(at)
    const taken: Array<readonly [line: string, to: State]> = []
    model.transitions(at, ({ process, what, next }) => {
      const isOf = place === undefined || (process < 0 ? 3 : places[process]) === place
      if (taken.length > 0 || !isOf || encode(next).key !== key) return
      taken.push([`${process < 0 ? '–' : String.fromCharCode(65 + process)} ${what}`, next])
    })
    const [[line, to] = ['not a path', undefined]] = taken
    at = to
    return line
  })
}

export const livelocks = (step: Step, config: Config, limit = Number.POSITIVE_INFINITY): Livelocks => {
  const model = makeModel(step, config)
  const { graph, isCut } = explore({ model, limit })
  const states = graph.states()
  const livelock = isCut ? undefined : findLivelock(graph)
  if (livelock === undefined) return { states, isCut, found: undefined }
  const [start = '', ...keys] = pathTo(graph, livelock.state)
  const lines = replay(model, start, [
    ...keys.map((key) => ({ key })),
    ...livelock.cycle.map(({ target, place }) => ({ key: graph.keyOf(target), place })),
  ])
  return { states, isCut, found: { way: lines.slice(0, keys.length), cycle: lines.slice(keys.length) } }
}
