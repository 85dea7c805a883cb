import type { Move } from './Move.js'
import { inFlight } from './moves.js'
import { type Call, observe, type Process, type Timer } from './processes.js'
import type { World } from './world.js'

const arrive = ({ now, tell }: World, process: Process, call: Call, { fault }: Move): void => {
  call.reply = call.arrive(fault)
  call.isLate = fault === 'late answer' || fault === 'late store answer'
  call.since = now()
  const { told } = call.reply
  tell(() => `${told()}${fault === undefined ? '' : ` (${fault})`}`)
  if (process.isDead || fault === 'hung write') process.calls.splice(process.calls.indexOf(call), 1)
}

const answer = ({ now, tell }: World, process: Process, call: Call): void => {
  process.calls.splice(process.calls.indexOf(call), 1)
  observe(process, `${now()} ${call.id} ${call.reply?.seen}`)
  tell(() => `${process.name} gets the answer to its ${call.what}${call.isLate ? ', late' : ''}`)
  call.reply?.deliver()
}

const wake = ({ now, tell }: World, process: Process, timer: Timer): void => {
  process.timers.splice(process.timers.indexOf(timer), 1)
  observe(process, `${now()} timer ${timer.id}`)
  tell(() => `${process.name} is woken by a timer`)
  timer.wake()
}

const begin = ({ now }: World, process: Process): void => {
  const act = process.acts.shift()
  process.begun++
  observe(process, `${now()} act ${process.begun}`)
  act?.()
}

const crash = ({ lock, judge, tell }: World, process: Process): void => {
  process.isDead = true
  process.open = 0
  process.timers.length = 0
  process.acts.length = 0
  // What it has sent arrives all the same.
  const sent = process.calls.filter(({ at, reply }) => reply === undefined && at !== 'lock')
  process.calls.splice(0, process.calls.length, ...sent)
  if (lock.holder === process) lock.holder = undefined
  judge.crashed(process)
  tell(() => `${process.name} crashes`)
}

const goOn = (world: World, { to }: Move): void => {
  if (to === undefined) return
  const { count } = inFlight(world)
  if (count > 0) world.stalls--
  for (const process of world.processes) process.isHeld = false
  const by = to - world.now()
  world.tell(() => `${by} ms go by${count > 0 ? ', while something is on its way' : ''}`)
  world.goOn(to)
}

const ofProcess = (world: World, process: Process, move: Move): void => {
  const { kind, id } = move
  const call = process.calls.find((of) => of.id === id)
  const timer = process.timers.find((of) => String(of.id) === id)
  if (kind === 'arrives' && call !== undefined) arrive(world, process, call, move)
  else if (kind === 'is answered' && call !== undefined) answer(world, process, call)
  else if (kind === 'wakes' && timer !== undefined) wake(world, process, timer)
  else if (kind === 'begins') begin(world, process)
  else if (kind === 'crashes') crash(world, process)
  else if (kind === 'stops') process.isHeld = true
  else throw new Error(`${process.name} has no call ${id} this time: what is explored must not depend on chance`)
}

/** Makes a move. */
export const perform = (world: World, move: Move): void => {
  const { fault, process: index } = move
  if (fault !== undefined) world.left.set(fault, (world.left.get(fault) ?? 0) - 1)
  const process = index === undefined ? undefined : world.processes[index]
  world.current = process
  if (process !== undefined) ofProcess(world, process, move)
  else if (move.kind === 'time goes on') goOn(world, move)
  else {
    world.store.rollBack()
    world.tell(() => 'the store loses its last write')
  }
}
