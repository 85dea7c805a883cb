import type { Process } from './processes.js'
import type { World } from './world.js'

/** The store, the server, the time, and what the judge remembers. */
export const environmentOf = ({ now, stalls, left, store, server, judge, lock, processes }: World): string =>
  [
    now(),
    stalls,
    [...left.values()].join(),
    store.state(),
    server.state(),
    lock.holder?.name ?? '',
    judge.state(),
    processes.map(({ isDead, open }) => `${isDead} ${open}`).join(),
  ].join('\n')

const historyOf = ({ isHeld, history, calls }: Process): string =>
  [
    isHeld,
    history.one,
    history.other,
    ...calls.map(({ id, since, isLate, reply }) => `${id} ${since} ${isLate} ${reply?.seen}`).sort(),
  ].join()

/** Whether a process has no future: nothing is on its way to it, and it is asked nothing more. */
const isOver = ({ calls, timers, acts, hears }: Process): boolean =>
  calls.length + timers.length + acts.length === 0 && !hears

/**
 * All on which the future depends: the environment, and what each process has observed. What a process has observed that has no future
 * may be forgotten.
 */
export const stateOf = (world: World, forgets: boolean): string =>
  [
    environmentOf(world),
    ...world.processes.map((process) => (forgets && isOver(process) ? 'over' : historyOf(process))),
  ].join('\n')
