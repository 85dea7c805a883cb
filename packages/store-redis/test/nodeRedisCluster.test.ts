/** What the adapter asks of a cluster client of `@redis/client` that loses a channel and tells nobody: a scripted one. */
import { type NodeRedisCluster, nodeRedis } from '../src/index.js'

const scripted = () => {
  const calls: Array<string> = []
  const listeners = new Map<string, () => unknown>()
  let before: () => void = () => undefined
  const none = () => Promise.resolve(undefined)
  const client: NodeRedisCluster = {
    isOpen: true,
    evalSha: none,
    eval: none,
    withCommandOptions: () => client,
    connect: none,
    destroy: () => undefined,
    on: (event, listener) => listeners.set(event, () => listener(new Error('moved'), 'c')),
    off: (event) => listeners.delete(event),
    duplicate: () => client,
    getSlotMaster: () => undefined,
    sendCommand: none,
    sSubscribe: async (channel) => calls.push(`subscribe ${channel}`),
    sUnsubscribe: async (channel) => {
      calls.push(`unsubscribe ${channel}`)
      before()
    },
  }
  const messages: Array<string> = []
  let ended = 0
  const listener = nodeRedis(client).listen({
    message: (channel) => messages.push(channel),
    again: () => undefined,
    ended: () => {
      ended++
    },
  })
  return {
    ended: () => ended,
    calls,
    messages,
    listener,
    emit: (event: string) => listeners.get(event)?.(),
    whileUnsubscribed: (happens: () => void) => {
      before = happens
    },
  }
}

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] })
})
afterEach(() => {
  jest.useRealTimers()
})
const pass = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms)

test('it is subscribed again each 5 s, and whoever waits looks', async () => {
  const { calls, messages, listener } = scripted()
  await listener.subscribe('c')
  await pass(4_999)
  expect({ calls, messages }).toEqual({ calls: ['subscribe c'], messages: [] })
  await pass(1)
  expect({ calls, messages }).toEqual({ calls: ['subscribe c', 'unsubscribe c', 'subscribe c'], messages: ['c'] })
  await pass(5_000)
  expect(messages).toEqual(['c', 'c'])
})

// Version 5 misspells it.
test.each(['sharded-channel-moved-error', 'sharded-shannel-moved-error'])(
  'and at once where the client says that it gave it up: %s',
  async (event) => {
    const { calls, messages, listener, emit } = scripted()
    await listener.subscribe('c')
    emit(event)
    await pass(0)
    expect({ calls, messages }).toEqual({ calls: ['subscribe c', 'unsubscribe c', 'subscribe c'], messages: ['c'] })
  },
)

test('but not once it was left, while it is subscribed again neither, and not after the end', async () => {
  const { calls, listener, whileUnsubscribed } = scripted()
  await listener.subscribe('c')
  whileUnsubscribed(() => listener.unsubscribe('c'))
  await pass(5_000)
  expect(calls.filter((call) => call === 'subscribe c')).toHaveLength(1)
  await listener.subscribe('d')
  listener.end()
  const before = calls.length
  await pass(60_000)
  expect(calls.slice(before)).toEqual(['unsubscribe d'])
  expect(jest.getTimerCount()).toBe(0)
})

test('with the client it ends, and says so: connected again, the client has none of its subscriptions', async () => {
  const { calls, listener, emit, ended } = scripted()
  await listener.subscribe('c')
  emit('disconnect')
  emit('disconnect')
  expect(ended()).toBe(1)
  await pass(60_000)
  expect(calls).toEqual(['subscribe c', 'unsubscribe c'])
  expect(jest.getTimerCount()).toBe(0)
})
