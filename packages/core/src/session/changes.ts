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

/** The pause before the next poll, by a draw in [0, 1). With change notifications it is longer: it only makes up for lost messages. */
export const pollOf = (isWoken: boolean, draw: number): Duration => {
  const least = isWoken ? POLL.most / 2 : POLL.least
  return millis(least + (POLL.most - least) * draw)
}

/** The change notifications of one source's record. */
export interface Changes {
  /** Subscribes, unless it has already. A read that begins afterwards finds all earlier changes. */
  readonly attend: IO<void>
  /** Waits for a change, a jittered poll or `until`. The message only saves time: correctness rests on the poll. */
  readonly wait: (until: Instant) => Promise<void>
  /** Ends all waits, so that the waiting flights read the record. */
  readonly wake: IO<void>
  readonly end: IO<void>
}

/**
 * Subscribes for as long as somebody else holds `onChange`. A strong reference in the store would keep the source in memory for ever.
 * So the store gets a weak one, and the subscription ends when `onChange` is collected.
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
    // The source was collected, so nobody can be told.
  }
}

/** The subscription of one source, and its waiting flights. */
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
