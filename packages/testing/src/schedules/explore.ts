import type { Task } from 'fp-ts/lib/Task.js'
import { conclude, isAtRest } from './end.js'
import { digest } from './hash.js'
import { areIndependent, isSame, type Move } from './Move.js'
import { allMoves, firstMoves } from './moves.js'
import { perform } from './perform.js'
import { environmentOf, stateOf } from './state.js'
import type { World } from './world.js'

/** What is left out because it ends where something else has ended. All of it, unless that itself is tested. */
export interface Reductions {
  /** Of two independent moves, one order. */
  readonly sleep: boolean
  /** What has been reached already. */
  readonly seen: boolean
  /** What concerns one process alone comes at once. */
  readonly local: boolean
  /** What a process has observed that has no future. */
  readonly forget: boolean
}

export interface ExploreOptions {
  /** A run from the beginning. */
  readonly open: () => World
  readonly turn: Task<void>
  readonly reductions: Reductions
  /** The most schedules. */
  readonly limit: number
  /** The most moves of one. */
  readonly depth: number
  /** Looks again at what is reached on a shorter way. */
  readonly isShortest: boolean
  /** Hears of each world in which a schedule ended. */
  readonly onEnd?: (world: World) => void
}

/** How an exploration ended: with the moves to the first violation, where there is one. */
export interface Exploration {
  readonly schedules: number
  readonly isComplete: boolean
  readonly broken: ReadonlyArray<Move> | undefined
}

/** A choice of the schedule that is run: what is still to be tried instead. */
interface Choice {
  readonly moves: ReadonlyArray<Move>
  at: number
  /** What need not come next: it was tried before something that it is independent of. */
  readonly asleep: ReadonlyArray<Move>
}

const isIn = (all: ReadonlyArray<Move>, move: Move): boolean => all.some((of) => isSame(of, move))

const chosen = (path: ReadonlyArray<Choice>): ReadonlyArray<Move> => path.flatMap(({ moves, at }) => moves[at] ?? [])

/** What sleeps after the move that was chosen. */
const asleepAfter = ({ moves, at, asleep }: Choice, { sleep }: Reductions): ReadonlyArray<Move> => {
  const move = moves[at]
  if (!sleep || move === undefined) return []
  return [...asleep, ...moves.slice(0, at)].filter((of) => areIndependent(of, move))
}

/** The moves of a schedule, one after the other; after each, everything runs that waits for nothing. */
export const replay = async (world: World, moves: ReadonlyArray<Move>, turn: Task<void>): Promise<void> => {
  for (const move of moves) {
    perform(world, move)
    await turn()
    if (world.strayed !== undefined)
      throw new Error(`${world.strayed.name} goes on by itself after its turn: give a longer \`turn\``)
  }
}

/** Depth first, every schedule from the beginning. */
export const explore = async (options: ExploreOptions): Promise<Exploration> => {
  const { open, turn, reductions, limit, depth, isShortest, onEnd } = options
  const path: Array<Choice> = []
  /** What was reached, and what slept there: that was not tried from there. */
  const seen = new Map<string, { asleep: ReadonlyArray<Move>; depth: number }>()
  /** Whoever has no part yet knows the environment only. */
  const ends = new Set<string>()
  let isCut = false

  /** What is to be tried from here; nothing where all of that was tried. */
  const choose = (world: World, asleep: ReadonlyArray<Move>): Choice | undefined => {
    const all = reductions.local ? firstMoves(world) : allMoves(world)
    const awake = all.filter((move) => !isIn(asleep, move))
    if (!reductions.seen) return { moves: awake, at: 0, asleep }
    const key = digest(stateOf(world, reductions.forget))
    const before = seen.get(key)
    if (before === undefined || (isShortest && path.length < before.depth)) {
      seen.set(key, { asleep, depth: path.length })
      return { moves: awake, at: 0, asleep }
    }
    const left = before.asleep.filter((move) => isIn(awake, move))
    const both = before.asleep.filter((move) => isIn(asleep, move))
    before.asleep = both
    return { moves: all.filter((move) => isIn(left, move)), at: 0, asleep: both }
  }

  for (let schedules = 1; ; schedules++) {
    const world = open()
    await replay(world, chosen(path), turn)
    let last = path[path.length - 1]
    for (;;) {
      if (world.judge.violations.length > 0) break
      const choice = choose(world, last === undefined ? [] : asleepAfter(last, reductions))
      const [move] = choice?.moves ?? []
      if (choice === undefined || move === undefined) {
        if (isAtRest(world)) {
          onEnd?.(world)
          const end = digest(environmentOf(world))
          if (!reductions.seen || !ends.has(end)) await conclude(world, turn)
          ends.add(end)
        }
        break
      }
      if (path.length >= depth) {
        isCut = true
        break
      }
      path.push(choice)
      last = choice
      await replay(world, [move], turn)
    }
    if (world.judge.violations.length > 0) return { schedules, isComplete: false, broken: chosen(path) }
    for (let of = path[path.length - 1]; of !== undefined && ++of.at >= of.moves.length; of = path[path.length - 1])
      path.pop()
    if (path.length === 0) return { schedules, isComplete: !isCut, broken: undefined }
    if (schedules >= limit) return { schedules, isComplete: false, broken: undefined }
  }
}
