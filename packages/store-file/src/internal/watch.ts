import { type FSWatcher, mkdirSync, watch } from 'node:fs'
import { basename } from 'node:path'
import type { Subscription } from '@tessera/core'

/**
 * Wakes those who wait for a file of the folder to be replaced, by whatever process. The system is asked to watch only as long
 * as somebody waits, and that keeps no process alive. Where it cannot watch, nobody is woken.
 */
export const makeWatch = (folder: string): ((name: string) => Subscription) => {
  const waiters = new Map<string, Set<() => void>>()
  let watcher: FSWatcher | undefined

  const close = (): void => {
    watcher?.close()
    watcher = undefined
  }
  const wake = (name: string): void => {
    for (const waiter of waiters.get(name) ?? []) waiter()
  }
  /** The folder is gone, or is watched no longer: those who wait look for themselves. */
  const give = (): void => {
    close()
    for (const name of waiters.keys()) wake(name)
  }
  const begin = (): void => {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      watcher = watch(folder, { persistent: false }, (_, name) => {
        if (name === null || name === basename(folder)) give()
        else wake(name)
      }).on('error', give)
    } catch {
      // No folder, or too many are watched: a wake-up lost costs time only.
    }
  }

  return (name) => {
    let isWaiting = true
    let done: () => void = () => undefined
    const changed = new Promise<void>((resolve) => {
      done = resolve
    })
    const there = waiters.get(name) ?? new Set()
    waiters.set(name, there.add(done))
    if (watcher === undefined) begin()
    return {
      changed: () => changed,
      end: () => {
        done()
        if (!isWaiting) return
        isWaiting = false
        there.delete(done)
        if (there.size === 0 && waiters.get(name) === there) waiters.delete(name)
        if (waiters.size === 0) close()
      },
    }
  }
}
