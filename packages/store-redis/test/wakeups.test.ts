/** What is subscribed again after the connection for messages has ended: over a scripted port, whose server refuses at will. */
import { setImmediate as turn } from 'node:timers/promises'
import * as O from 'fp-ts/lib/Option.js'
import { makeWakeups } from '../src/internal/wakeups.js'
import type { Heard, RedisPort } from '../src/RedisPort.js'

const scripted = () => {
  const subscribed: Array<string> = []
  let heard: Heard | undefined
  let refuses = false
  let held: { readonly confirm: () => void; readonly refuse: (error: Error) => void } | undefined
  let holds = false
  const none = () => Promise.reject(new Error('not asked for'))
  const port: RedisPort = {
    sharded: false,
    evalsha: none,
    eval: none,
    wait: none,
    connect: () => {
      throw new Error('not asked for')
    },
    listen: (given) => {
      heard = given
      return {
        subscribe: async (channel) => {
          if (refuses) throw new Error('LOADING')
          if (holds) {
            holds = false
            await new Promise<void>((confirm, refuse) => {
              held = { confirm, refuse }
            })
          }
          subscribed.push(channel)
        },
        unsubscribe: () => undefined,
        end: () => undefined,
      }
    },
  }
  return {
    wakeups: makeWakeups(port),
    subscribed,
    say: (channel: string, text: string) => heard?.message(channel, text),
    end: () => heard?.ended(),
    /** The next subscription has no answer, until it is confirmed or refused. */
    hold: () => {
      holds = true
    },
    confirmHeld: () => held?.confirm(),
    refuseHeld: () => held?.refuse(new Error('LOADING')),
    refuse: (whether: boolean) => {
      refuses = whether
    },
  }
}

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] })
})
afterEach(() => {
  jest.useRealTimers()
})

test('[A14] a channel that was refused then is asked for before the next read, and hears again', async () => {
  const { wakeups, subscribed, say, end, refuse } = scripted()
  const told: Array<O.Option<string>> = []
  wakeups.subscribe('c', (version) => told.push(version))
  await wakeups.settled('c')
  expect(subscribed).toEqual(['c'])
  refuse(true)
  end()
  await jest.advanceTimersByTimeAsync(1_000)
  refuse(false)
  expect({ subscribed, told }).toEqual({ subscribed: ['c'], told: [] })
  await wakeups.settled('c')
  await wakeups.settled('c')
  expect(subscribed).toEqual(['c', 'c'])
  say('c', '2')
  // Another listener of the channel may not have read yet.
  expect(told).toEqual([O.none, O.some('2')])
})

test('one that was not is told that something may have been missed', async () => {
  const { wakeups, subscribed, end } = scripted()
  const told: Array<O.Option<string>> = []
  wakeups.subscribe('c', (version) => told.push(version))
  await wakeups.settled('c')
  end()
  await jest.advanceTimersByTimeAsync(1_000)
  await wakeups.settled('c')
  expect({ subscribed, told }).toEqual({ subscribed: ['c', 'c'], told: [O.none] })
})

test('a subscription for which a read waits tells nothing; one that takes longer tells that something may have been missed', async () => {
  const { wakeups, hold, confirmHeld } = scripted()
  const told: Array<string> = []
  const begin = (channel: string): Promise<void> => {
    hold()
    wakeups.subscribe(channel, (version) => told.push(`${channel}: ${version._tag}`))
    return wakeups.settled(channel)
  }
  const short = begin('short')
  await jest.advanceTimersByTimeAsync(90)
  confirmHeld()
  await short
  const long = begin('long')
  await jest.advanceTimersByTimeAsync(100)
  await long
  expect(told).toEqual([])
  confirmHeld()
  await jest.advanceTimersByTimeAsync(0)
  expect(told).toEqual(['long: None'])
})

test('a listener that throws then is nobody’s unhandled rejection', async () => {
  const unhandled: Array<unknown> = []
  const hear = (reason: unknown): void => {
    unhandled.push(reason)
  }
  process.on('unhandledRejection', hear)
  const { wakeups, end } = scripted()
  let told = 0
  wakeups.subscribe('c', () => {
    told++
    throw new Error('a listener of the application')
  })
  await wakeups.settled('c')
  end()
  await jest.advanceTimersByTimeAsync(1_000)
  await wakeups.settled('c')
  await turn()
  process.off('unhandledRejection', hear)
  expect({ told, unhandled }).toEqual({ told: 1, unhandled: [] })
})

test('an older subscription that fails late does not undo a newer one', async () => {
  const { wakeups, subscribed, end, hold, refuseHeld } = scripted()
  hold()
  wakeups.subscribe('c', () => undefined)
  end()
  await jest.advanceTimersByTimeAsync(1_000)
  expect(subscribed).toEqual(['c'])
  refuseHeld()
  await jest.advanceTimersByTimeAsync(0)
  await wakeups.settled('c')
  expect(subscribed).toEqual(['c'])
})
