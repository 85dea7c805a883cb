/**
 * Whether somebody may ask for ever, and neither be served nor told to log in, although nothing fails any more: a fair cycle.
 *
 * One process is watched: its caller asks again and again. A cycle of it is fair if no fault and no act (a login, a revoke, a
 * refusal) is on it, and if every process that could go on all the time does go on, every message that could be delivered all the
 * time is, and time passes. Such a cycle lies in one strongly connected component; and if the component as a whole is fair, the
 * way around all of it is a fair cycle.
 */
import { changeOf, changes, type Graph, kindOf, placeOf } from './explore.js'
import { ASKS, DELIVERS, GOES_ON, ONCE, PASSES, SETTLES } from './model.js'

export interface Edge {
  readonly target: number
  /** Where who acts is, in the state that the edge leaves; 3 for nobody. */
  readonly place: number
}

export interface Livelock {
  /** The nearest state of it. */
  readonly state: number
  /** Where the watched process is in that state. */
  readonly place: number
  readonly cycle: ReadonlyArray<Edge>
  /** How many states of this kind there are, the watched process taken into account. */
  readonly size: number
}

/** In an unmerged state: the state's number, and in which of its places each process is, as the number of a change. */
interface Unmerged {
  readonly node: number
  readonly edge: Edge
  readonly kind: number
  /** The duty that the edge fulfils, as a bit; 0 for none. */
  readonly duty: number
}

export const findLivelock = (graph: Graph): Livelock | undefined => {
  const { processes, begin, targets, labels } = graph
  const ways = changes(processes)
  const factor = ways.length
  const numberOf = new Map(ways.map((way, number) => [way.join(), number]))
  // Who is where, then the change, then who is where.
  const composed = ways.map((who) =>
    ways.map((change) => numberOf.get(who.map((place) => change[place] ?? -1).join()) ?? 0),
  )
  const nodes = graph.states() * factor

  const dutyOf = (kind: number, process: number): number => {
    if ((kind & PASSES) !== 0) return 1
    if ((kind & GOES_ON) !== 0 || ((kind & ASKS) !== 0 && process === 0)) return 2 << (2 * process)
    return (kind & DELIVERS) !== 0 ? 4 << (2 * process) : 0
  }

  const edgeAt = (who: ReadonlyArray<number>, of: number, number: number): Unmerged => {
    const label = labels.at(number)
    const target = targets.at(number)
    const kind = kindOf(label)
    const place = placeOf(label)
    const process = place === 3 ? -1 : who.indexOf(place)
    return {
      node: target * factor + (composed[of]?.[changeOf(label)] ?? 0),
      edge: { target, place },
      kind: process === 0 ? kind : kind & ~SETTLES,
      duty: dutyOf(kind, process),
    }
  }
  const isOnCycle = (kind: number): boolean => (kind & (ONCE | SETTLES)) === 0
  const first = (node: number): number => begin.at(Math.floor(node / factor))
  const end = (node: number): number => begin.at(Math.floor(node / factor) + 1)
  const edge = (node: number, number: number): Unmerged => edgeAt(ways[node % factor] ?? [], node % factor, number)

  // Tarjan, without recursion.
  const order = new Int32Array(nodes)
  const low = new Int32Array(nodes)
  const component = new Int32Array(nodes).fill(-1)
  const position = new Int32Array(nodes)
  const open: Array<number> = []
  const path: Array<number> = []
  let count = 0
  let components = 0
  const enter = (node: number): void => {
    order[node] = low[node] = ++count
    position[node] = first(node)
    open.push(node)
    path.push(node)
  }
  for (let root = 0; root < nodes; root++) {
    if (order[root] !== 0) continue
    enter(root)
    for (let node = path.at(-1); node !== undefined; node = path.at(-1)) {
      const at = position[node] ?? 0
      if (at < end(node)) {
        position[node] = at + 1
        const { node: target, kind } = edge(node, at)
        if (!isOnCycle(kind)) continue
        if (order[target] === 0) enter(target)
        else if (component[target] === -1) low[node] = Math.min(low[node] ?? 0, order[target] ?? 0)
        continue
      }
      path.pop()
      const from = path.at(-1)
      if (from !== undefined) low[from] = Math.min(low[from] ?? 0, low[node] ?? 0)
      if (low[node] !== order[node]) continue
      for (let member = open.pop(); member !== undefined; member = open.pop()) {
        component[member] = components
        if (member === node) break
      }
      components++
    }
  }

  // Of each component: the duties that are always there, and those that are fulfilled within.
  const ALL = 2 ** (2 * processes + 1) - 1
  const always = new Int32Array(components).fill(ALL)
  const fulfilled = new Int32Array(components)
  const isCyclic = new Uint8Array(components)
  for (let node = 0; node < nodes; node++) {
    const own = component[node] ?? -1
    let there = 0
    for (let number = first(node); number < end(node); number++) {
      const { node: target, kind, duty } = edge(node, number)
      there |= duty
      if (!isOnCycle(kind) || component[target] !== own) continue
      isCyclic[own] = 1
      fulfilled[own] = (fulfilled[own] ?? 0) | duty
    }
    always[own] = (always[own] ?? 0) & there
  }
  const isFair = (own: number): boolean => isCyclic[own] === 1 && ((always[own] ?? 0) & ~(fulfilled[own] ?? 0)) === 0

  const entry = component.findIndex(isFair)
  if (entry < 0) return undefined
  const own = component[entry] ?? -1

  /** The shortest way inside the component to an edge or a node with what is wished. */
  const way = (
    from: number,
    isWished: (node: number, duty: number) => boolean,
  ): { readonly end: number; readonly edges: ReadonlyArray<Unmerged> } => {
    const seen = new Map<number, { readonly from: number; readonly edge: Unmerged } | undefined>([[from, undefined]])
    const queue = [from]
    const back = (to: number): ReadonlyArray<Unmerged> => {
      const edges: Array<Unmerged> = []
      for (let step = seen.get(to); step !== undefined; step = seen.get(step.from)) edges.push(step.edge)
      return edges.reverse()
    }
    for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
      for (let number = first(node); number < end(node); number++) {
        const next = edge(node, number)
        if (!isOnCycle(next.kind) || component[next.node] !== own) continue
        if (isWished(next.node, next.duty)) return { end: next.node, edges: [...back(node), next] }
        if (seen.has(next.node)) continue
        seen.set(next.node, { from: node, edge: next })
        queue.push(next.node)
      }
    }
    throw new Error('a component that is not connected')
  }
  const dutiesAt = (node: number): number => {
    let there = 0
    for (let number = first(node); number < end(node); number++) there |= edge(node, number).duty
    return there
  }
  let at = entry
  const cycle: Array<Unmerged> = []
  const take = ({ end: to, edges }: ReturnType<typeof way>): void => {
    cycle.push(...edges)
    at = to
  }
  const done = (): number => cycle.reduce((duties, { duty }) => duties | duty, 0)
  for (let bit = 1; bit <= ALL; bit <<= 1) {
    if ((done() & bit) !== 0 || [entry, ...cycle.map(({ node }) => node)].some((node) => (dutiesAt(node) & bit) === 0))
      continue
    take(way(at, (node, duty) => (duty & bit) !== 0 || (dutiesAt(node) & bit) === 0))
  }
  if (at !== entry || cycle.length === 0) take(way(at, (node) => node === entry))
  return {
    state: Math.floor(entry / factor),
    place: ways[entry % factor]?.[0] ?? 0,
    cycle: cycle.map((unmerged) => unmerged.edge),
    size: component.reduce((sum, of) => (of === own ? sum + 1 : sum), 0),
  }
}
