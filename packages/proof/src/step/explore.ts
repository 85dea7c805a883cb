/**
 * Breadth first through all states. The strings of those that are known are kept, the states themselves only until their turn.
 */
import { type Encoded, encode, permutations } from './encode.js'
import type { Model, Transition } from './model.js'
import { makeNumbers, type Numbers } from './numbers.js'
import type { State } from './State.js'

/**
 * States by number, in the order in which they were found: the start comes first, and no state before a nearer one. In a state the
 * processes have places; where symmetric states are merged, an edge may change the places.
 */
export interface Graph {
  readonly processes: number
  readonly keyOf: (state: number) => string
  /** The state that it was found from; -1 for a start. */
  readonly foundFrom: (state: number) => number
  readonly states: () => number
  /** Where the edges of a state begin; those of the next begin where they end. */
  readonly begin: Numbers
  readonly targets: Numbers
  /** See {@link labelOf}. */
  readonly labels: Numbers
}

/** How processes may change places. */
export const changes = (processes: number): ReadonlyArray<ReadonlyArray<number>> =>
  permutations(Array.from({ length: processes }, (_, place) => place))

/** The kind of an edge, the place of who acts (3: nobody), and the number of the change of places. */
export const labelOf = (kind: number, place: number, change: number): number => kind | (place << 6) | (change << 8)
export const kindOf = (label: number): number => label & 63
export const placeOf = (label: number): number => (label >> 6) & 3
export const changeOf = (label: number): number => label >> 8

export interface Exploration {
  readonly graph: Graph
  /** The longest of the shortest ways to a state. */
  readonly depth: number
  /** Stopped at the limit: there are more states. */
  readonly isCut: boolean
}

export interface ExploreOptions {
  readonly model: Model
  /** The most states. */
  readonly limit: number
  /** Hears every transition. */
  readonly observe?: (from: State, transition: Transition) => void
}

export const pathTo = ({ keyOf, foundFrom }: Graph, state: number): ReadonlyArray<string> => {
  const path: Array<string> = []
  for (let at = state; at >= 0; at = foundFrom(at)) path.push(keyOf(at))
  return path.reverse()
}

export const explore = ({ model, limit, observe }: ExploreOptions): Exploration => {
  const { processes } = model.config
  const known = new Map<string, number>()
  const keys: Array<string> = []
  const parents = makeNumbers()
  const begin = makeNumbers()
  const targets = makeNumbers()
  const labels = makeNumbers()
  const graph: Graph = {
    processes,
    keyOf: (state) => keys[state] ?? '',
    foundFrom: parents.at,
    states: () => keys.length,
    begin,
    targets,
    labels,
  }
  const numbers = new Map(changes(processes).map((change, number) => [change.join(), number]))

  let depth = -1
  type Turn = { readonly state: State; readonly places: ReadonlyArray<number> }
  let next: Array<Turn> = []
  const add = (state: State, { key, places }: Encoded, parent: number): number => {
    const there = known.get(key)
    if (there !== undefined) return there
    const number = keys.push(key) - 1
    known.set(key, number)
    parents.push(parent)
    next.push({ state, places })
    return number
  }
  for (const state of model.starts) add(state, encode(state), -1)

  let at = -1
  while (next.length > 0 && keys.length < limit) {
    depth++
    const frontier = next
    next = []
    for (const turn of frontier) {
      if (keys.length >= limit) {
        next.push(turn)
        continue
      }
      const { state, places } = turn
      at++
      begin.push(targets.length())
      model.transitions(state, (transition) => {
        const encoded = encode(transition.next)
        observe?.(state, transition)
        targets.push(add(transition.next, encoded, at))
        const change = places.map((_, place) => encoded.places[places.indexOf(place)] ?? -1)
        const place = transition.process < 0 ? 3 : (places[transition.process] ?? 3)
        labels.push(labelOf(transition.kind, place, numbers.get(change.join()) ?? 0))
      })
    }
  }
  begin.push(targets.length())
  return { graph, depth, isCut: next.length > 0 }
}
