import type { Subscription } from '@tessera/core'
import type { Listener, RedisPort } from '../RedisPort.js'
import { ignore } from './ignore.js'
import { makeKept } from './kept.js'
import { later } from './later.js'
import { within } from './within.js'

/** How long a channel stays subscribed after its last waiter, in ms: one that is woken often waits again at once. */
const LINGER = 1_000
/** How long a read waits for a subscription under way, in ms. After that, polling is the truth. */
const PATIENCE = 100
/** After this a connection that has ended, or that a closed client did not give, is opened again while somebody waits, in ms. */
const PAUSE = 1_000

interface Channel {
  readonly waiters: Set<() => void>
  /** Resolves when the subscription is confirmed, or is not waited for any more. */
  readonly settled: Promise<void>
  callOff: () => void
}

/** The wake-ups of all keys of a store, over one connection that is there only while somebody waits. */
export interface Wakeups {
  readonly subscribe: (channel: string) => Subscription
  /** Resolves when a read sees all that a subscription of this channel will not tell. */
  readonly settled: (channel: string) => Promise<void>
}

export const makeWakeups = (port: RedisPort): Wakeups => {
  const channels = new Map<string, Channel>()
  let willRejoin = false

  const wake = (name: string): void => {
    for (const waiter of channels.get(name)?.waiters ?? []) waiter()
  }

  const listener = makeKept((ended) =>
    port.listen({
      message: wake,
      again: () => {
        for (const each of channels.keys()) wake(each)
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

  /** Whoever waits looks, since a message may have been missed. */
  const rejoinLater = (): void => {
    if (willRejoin) return
    willRejoin = true
    later(PAUSE, () => {
      willRejoin = false
      for (const name of channels.keys()) join(name).then(() => wake(name), ignore)
    })
  }

  const open = (name: string): Channel => {
    const subscribing = join(name)
    const settled = within(PATIENCE, () => subscribing).catch(() => undefined)
    const channel: Channel = { waiters: new Set(), settled, callOff: () => undefined }
    channels.set(name, channel)
    return channel
  }

  const close = (name: string): void => {
    channels.delete(name)
    if (channels.size > 0) listener.there()?.unsubscribe(name)
    else listener.end()
  }

  return {
    subscribe: (name) => {
      const channel = channels.get(name) ?? open(name)
      channel.callOff()
      let waiter: () => void = () => undefined
      const changed = new Promise<void>((resolve) => {
        waiter = resolve
      })
      channel.waiters.add(waiter)
      return {
        changed: () => changed,
        end: () => {
          waiter()
          if (channel.waiters.delete(waiter) && channel.waiters.size === 0) {
            channel.callOff = later(LINGER, () => close(name))
          }
        },
      }
    },
    settled: (name) => channels.get(name)?.settled ?? Promise.resolve(),
  }
}
