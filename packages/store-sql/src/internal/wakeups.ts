import { absent, type OnChange, type Version } from '@tessera/core'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import type { SqlHeard } from '../SqlPort.js'
import { ignore } from './ignore.js'
import { makeKeptUp } from './keptUp.js'
import { later } from './later.js'

/** How changes are found out. */
export interface WakeupsConfig {
  /** The versions of those of these ids that are there. */
  readonly poll: (ids: ReadonlyArray<string>) => Promise<ReadonlyMap<string, Version>>
  /** How long until the next poll, in ms; another time each time. */
  readonly next: IO<number>
  /** Where changes are told besides. */
  readonly listen?: (heard: SqlHeard) => IO<void>
  /** What a message tells. */
  readonly read: (payload: string) => { readonly id: string; readonly version: O.Option<Version> }
}

interface Watched {
  readonly listeners: Set<OnChange>
  /** The version that this store has seen last; none before the first. */
  seen: O.Option<Version>
}

/** The changes of all keys of a store: one poll for all of them, only while somebody listens. */
export interface Wakeups {
  readonly subscribe: (id: string, onChange: OnChange) => IO<void>
  /** This version was read. */
  readonly saw: (id: string, version: Version) => void
  /** This version was written. */
  readonly wrote: (id: string, version: Version) => void
}

/**
 * A change is a version that differs from the one that was read last, whoever read it. So a change that comes after a read is told,
 * and one that came before it need not be.
 */
export const makeWakeups = ({ poll, next, listen, read }: WakeupsConfig): Wakeups => {
  const watched = new Map<string, Watched>()

  const tell = ({ listeners }: Watched, version: O.Option<Version>): void => {
    for (const onChange of [...listeners]) onChange(version)
  }
  const know = (one: Watched, version: Version, tellsFirst: boolean): void => {
    const isFirst = O.isNone(one.seen)
    if (O.isSome(one.seen) && one.seen.value === version) return
    one.seen = O.some(version)
    if (!isFirst || tellsFirst) tell(one, one.seen)
  }
  const about =
    (tellsFirst: boolean) =>
    (id: string, version: Version): void => {
      const one = watched.get(id)
      if (one !== undefined) know(one, version, tellsFirst)
    }
  const saw = about(false)
  const wrote = about(true)

  const look = async (): Promise<void> => {
    const before = [...watched].map(([id, one]) => ({ id, one, seen: one.seen }))
    if (before.length === 0) return
    const there = await poll(before.map(({ id }) => id))
    for (const { id, one, seen } of before) {
      // Who has seen another one meanwhile may know more than this poll.
      if (one.seen === seen) know(one, there.get(id) ?? absent, false)
    }
  }

  let callOff: IO<void> = ignore
  let polling = 0
  // A poll that fails tells nothing: the next one does. One that was under way when the last subscription ended goes on no more.
  const lookLater = (own: number): void => {
    callOff = later(next(), () => {
      look()
        .catch(ignore)
        .then(() => {
          if (own === polling && watched.size > 0) lookLater(own)
        }, ignore)
    })
  }

  const hear = (payload: string): void => {
    const { id, version } = read(payload)
    const one = watched.get(id)
    if (one === undefined) return
    if (O.isSome(version)) know(one, version.value, true)
    else tell(one, version)
  }
  const listening =
    listen === undefined
      ? undefined
      : makeKeptUp((ended) => listen({ message: hear, ready: () => void look().catch(ignore), ended }))

  return {
    subscribe: (id, onChange) => {
      const one = watched.get(id) ?? { listeners: new Set(), seen: O.none }
      if (watched.size === 0) lookLater(++polling)
      watched.set(id, one)
      listening?.begin()
      // Of its own, so that the same function may listen twice.
      const own: OnChange = (version) => onChange(version)
      one.listeners.add(own)
      return () => {
        one.listeners.delete(own)
        if (one.listeners.size > 0 || watched.get(id) !== one) return
        watched.delete(id)
        if (watched.size > 0) return
        callOff()
        listening?.end()
      }
    },
    saw,
    wrote,
  }
}
