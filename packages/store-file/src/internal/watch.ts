import { type FSWatcher, watch } from 'node:fs'
import { basename } from 'node:path'
import type { OnChange, Version } from '@tessera/core'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'

/** Tells those who listen to a file of the folder that it was replaced, by whatever process. */
export interface Watch {
  readonly subscribe: (name: string, onChange: OnChange) => IO<void>
  /** Watches for those who listen already, once there is a folder. */
  readonly begin: IO<void>
}

/**
 * The system is asked to watch the folder only as long as somebody listens, and that keeps no process alive. Where it cannot watch,
 * nobody is told. It tells the name of a file only: `versionOf` reads what is in it.
 */
export const makeWatch = (folder: string, versionOf: (name: string) => Promise<O.Option<Version>>): Watch => {
  const listeners = new Map<string, Set<OnChange>>()
  let watcher: FSWatcher | undefined

  const close = (): void => {
    watcher?.close()
    watcher = undefined
  }
  const tell = (name: string, version: O.Option<Version>): void => {
    for (const onChange of listeners.get(name) ?? []) onChange(version)
  }
  const look = async (name: string): Promise<void> => {
    if (listeners.has(name)) tell(name, await versionOf(name))
  }
  /** The folder is gone, or is watched no longer: those who listen look for themselves. */
  const give = (): void => {
    close()
    for (const name of listeners.keys()) tell(name, O.none)
  }
  const begin = (): void => {
    if (watcher !== undefined || listeners.size === 0) return
    try {
      watcher = watch(folder, { persistent: false }, (_, name) => {
        if (name === null || name === basename(folder)) give()
        else void look(name)
      }).on('error', give)
    } catch {
      // No folder yet, or too many are watched: a message lost costs time only.
    }
  }

  return {
    subscribe: (name, onChange) => {
      const there = listeners.get(name) ?? new Set()
      // Of its own, so that the same function may listen twice.
      const own: OnChange = (version) => onChange(version)
      listeners.set(name, there.add(own))
      begin()
      return () => {
        if (there.delete(own) && there.size === 0) listeners.delete(name)
        if (listeners.size === 0) close()
      }
    },
    begin,
  }
}
