/**
 * Breadth first through all states. The strings of those that are known are kept, and the states themselves only until their turn.
 */
import type { Encoded } from './encode.js'
import type { Model, Transition } from './model.js'
import { forgotten, type Violation } from './properties.js'
import type { State } from './State.js'

export interface Exploration {
  readonly states: number
  readonly transitions: number
  /** The longest of the shortest ways to a state. */
  readonly depth: number
  /** Stopped at the limit: there are more states. */
  readonly isCut: boolean
  readonly violation: { readonly violation: Violation; readonly path: ReadonlyArray<string> } | undefined
}

export const explore = (
  model: Model,
  encode: (state: State) => Encoded,
  limit: number,
): Exploration => {
  const known = new Map<string, number>()
  const keys: Array<string> = []
  const parents: Array<number> = []
  let states = 0
  let transitions = 0
  let depth = 0
  let found: Exploration['violation']
  let frontier: Array<State> = []
  let next: Array<State> = []
  const pathTo = (id: number): ReadonlyArray<string> => {
    const path: Array<string> = []
    for (let at = id; at >= 0; at = parents[at] ?? -1) path.unshift(keys[at] ?? '')
    return path
  }
  const add = (state: State, encoded: Encoded, parent: number): void => {
    if (known.has(encoded.key)) return
    known.set(encoded.key, states++)
    keys.push(encoded.key)
    parents.push(parent)
    next.push(state)
  }
  for (const state of model.starts) add(state, encode(state), -1)
  let at = -1
  const visit = ({ next: state, violation }: Transition): void => {
    if (found !== undefined) return
    transitions++
    const encoded = encode(state)
    const broken = violation ?? (encoded.isForgotten ? forgotten() : undefined)
    if (broken !== undefined) found = { violation: broken, path: [...pathTo(at), encoded.key] }
    else add(state, encoded, at)
  }
  while (next.length > 0 && found === undefined && states < limit) {
    depth++
    frontier = next
    next = []
    for (const state of frontier) {
      at++
      model.transitions(state, visit)
      if (found !== undefined || states >= limit) break
    }
  }
  return { states, transitions, depth, isCut: next.length > 0 && found === undefined, violation: found }
}
