import * as E from 'fp-ts/lib/Either.js'
import { constVoid } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import { uniform } from '../Random.js'
import { race } from '../race.js'
import { between, type Duration, type Instant, millis, plus } from '../Time.js'
import type { SourceEnv } from '../TokenSource.js'
import type { Key, OnChange, TokenStore } from '../TokenStore.js'

/** The bounds of the poll that waits for another holder, in ms. */
const POLL = { least: 50, most: 500 }

/** How long one waits for another holder before looking again, by a draw in [0, 1). Who is woken polls only for a message that was lost. */
export const pollOf = (isWoken: boolean, draw: number): Duration => {
  const least = isWoken ? POLL.most / 2 : POLL.least
  return millis(least + (POLL.most - least) * draw)
}

/** What one source hears of the changes of its record. */
export interface Changes {
  /** Subscribes, unless it has: a read that begins after this finds what will not be told. */
  readonly attend: IO<void>
  /** Until a change, or a jittered poll, or `until`: the poll is the truth, the message saves time. */
  readonly wait: (until: Instant) => Promise<void>
  /** Lets those who wait look for themselves. */
  readonly wake: IO<void>
  readonly end: IO<void>
}

/**
 * Subscribes for as long as somebody else holds `onChange`. The store would keep it in memory, and with it the source, for ever:
 * so it gets a reference that keeps nothing, and the subscription ends when what it refers to is collected.
 */
const subscribe = (store: TokenStore, key: Key, onChange: OnChange): IO<void> | undefined => {
  const weak = {
    // biome-ignore lint/style/noRestrictedGlobals: nothing is observed by it: what would have kept a source in memory lets go.
    onChange: new WeakRef(onChange),
    // Held by the subscription: a registry that nobody holds is collected too, and then calls nobody.
    // biome-ignore lint/style/noRestrictedGlobals: the same: it only ends what nobody can hear any more.
    registry: new FinalizationRegistry<IO<void>>(quietly),
  }
  const end = store.changes?.(key, (version) => weak.onChange.deref()?.(version))
  if (end === undefined) return undefined
  weak.registry.register(onChange, end, weak)
  return () => {
    weak.registry.unregister(weak)
    end()
  }
}

const quietly = (end: IO<void>): void => {
  try {
    end()
  } catch {
    // Nobody is left to hear of it.
  }
}

/** The subscription of one source, and those of its flights that wait. */
export const makeChanges = (store: TokenStore, key: Key, { clock, random }: SourceEnv, onChange: OnChange): Changes => {
  const waiters = new Set<IO<void>>()
  let end: IO<void> | undefined
  // A store whose notifications fail is polled.
  let isDeaf = store.changes === undefined

  const wake = (): void => {
    for (const waiter of waiters) waiter()
  }

  return {
    attend: () => {
      if (isDeaf || end !== undefined) return
      try {
        end = subscribe(store, key, onChange)
      } catch {
        isDeaf = true
      }
    },
    wait: async (until) => {
      const poll = pollOf(end !== undefined, uniform(random)())
      const deadline = plus(clock.now(), millis(Math.max(1, Math.min(poll, between(clock.now(), until)))))
      let waiter: IO<void> = constVoid
      const change = new Promise<void>((resolve) => {
        waiter = resolve
      })
      waiters.add(waiter)
      await race(clock, { deadline }, undefined, undefined, () => change.then(E.right))()
      waiters.delete(waiter)
    },
    wake,
    end: () => {
      const ending = end
      end = undefined
      try {
        ending?.()
      } catch {
        isDeaf = true
      }
      wake()
    },
  }
}
