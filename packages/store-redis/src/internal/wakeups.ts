import type { OnChange, Version } from '@tessera/core'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Listener, RedisPort } from '../RedisPort.js'
import { ignore } from './ignore.js'
import { makeKept } from './kept.js'
import { later } from './later.js'
import { within } from './within.js'

/** How long a channel stays subscribed after its last listener, in ms: a source that was dropped is often made again. */
const LINGER = 1_000
/** How long a read waits for a subscription under way, in ms. */
const PATIENCE = 100
/** After this a connection that has ended, or that a closed client did not give, is opened again while somebody listens, in ms. */
const PAUSE = 1_000

interface Channel {
  readonly listeners: Set<OnChange>
  /** Resolves when the subscription is confirmed, or is not waited for any more; none after it has failed. */
  settled: Promise<void> | undefined
  /** A message may have been missed, since a read did not wait for the subscription, or there was none for a while. */
  mayHaveMissed: boolean
  callOff: () => void
}

/** The messages of all keys of a store, over one connection that is there only while somebody listens. */
export interface Wakeups {
  readonly subscribe: (channel: string, onChange: OnChange) => IO<void>
  /** Resolves when a read sees all that a subscription of this channel will not tell. */
  readonly settled: (channel: string) => Promise<void>
}

export const makeWakeups = (port: RedisPort): Wakeups => {
  const channels = new Map<string, Channel>()
  let willRejoin = false

  const tell = (name: string, version: O.Option<Version>): void => {
    for (const onChange of channels.get(name)?.listeners ?? []) onChange(version)
  }
  /** A message may have been missed. */
  const tellNothing = (name: string): void => tell(name, O.none)

  const listener = makeKept((ended) =>
    port.listen({
      // Of an earlier version of this package, it is empty.
      message: (name, text) => tell(name, text === '' ? O.none : O.some(text)),
      again: () => {
        for (const each of channels.keys()) tellNothing(each)
      },
      ended: () => {
        ended()
        rejoinLater()
      },
    }),
  )

  const current = (): Listener => {
    try {
      return listener.get()
    } catch (error) {
      rejoinLater()
      throw error
    }
  }
  const join = async (name: string): Promise<void> => current().subscribe(name)

  /** Subscribes, and tells then that something may have been missed, if so. */
  const enter = (name: string, channel: Channel): void => {
    const subscribing = join(name)
    const settled = within(PATIENCE, () => subscribing).catch(() => {
      channel.mayHaveMissed = true
    })
    channel.settled = settled
    subscribing
      .then(
        () => {
          if (!channel.mayHaveMissed) return
          channel.mayHaveMissed = false
          for (const onChange of channel.listeners) onChange(O.none)
        },
        () => {
          // An older one may fail late, when a newer one has taken its place.
          if (channel.settled === settled) channel.settled = undefined
        },
      )
      // What a listener throws.
      .catch(ignore)
  }

  const rejoin = (): void => {
    for (const [name, channel] of channels) {
      channel.mayHaveMissed = true
      enter(name, channel)
      // The client gives no connection yet.
      if (willRejoin) return
    }
  }
  const rejoinLater = (): void => {
    if (willRejoin) return
    willRejoin = true
    later(PAUSE, () => {
      willRejoin = false
      rejoin()
    })
  }

  const open = (name: string): Channel => {
    const channel: Channel = {
      listeners: new Set(),
      settled: undefined,
      mayHaveMissed: false,
      callOff: () => undefined,
    }
    channels.set(name, channel)
    enter(name, channel)
    return channel
  }

  const close = (name: string): void => {
    channels.delete(name)
    if (channels.size > 0) listener.there()?.unsubscribe(name)
    else listener.end()
  }

  return {
    subscribe: (name, onChange) => {
      const channel = channels.get(name) ?? open(name)
      channel.callOff()
      // Of its own, so that the same function may listen twice.
      const own: OnChange = (version) => onChange(version)
      channel.listeners.add(own)
      return () => {
        if (channel.listeners.delete(own) && channel.listeners.size === 0) {
          channel.callOff = later(LINGER, () => close(name))
        }
      }
    },
    settled: async (name) => {
      const channel = channels.get(name)
      if (channel === undefined) return
      // One that has failed is tried again before the next read.
      if (channel.settled === undefined) enter(name, channel)
      await channel.settled
    },
  }
}
