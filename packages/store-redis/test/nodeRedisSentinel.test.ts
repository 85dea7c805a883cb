/** What the adapter does where a client of `@redis/client` behind Sentinels goes to another primary: a scripted one. */
import { type NodeRedisSentinel, nodeRedis } from '../src/index.js'

const scripted = () => {
  const calls: Array<string> = []
  const listeners = new Map<string, (...args: Array<unknown>) => void>()
  const none = () => Promise.resolve(undefined)
  const client: NodeRedisSentinel = {
    isOpen: true,
    evalSha: none,
    eval: none,
    withCommandOptions: () => client,
    connect: none,
    destroy: () => undefined,
    on: (event, listener) => listeners.set(event, listener),
    off: (event) => listeners.delete(event),
    acquire: none,
    wait: async () => 0,
    subscribe: async (channel) => calls.push(`subscribe ${channel}`),
    unsubscribe: async (channel) => calls.push(`unsubscribe ${channel}`),
  }
  const messages: Array<string> = []
  const listener = nodeRedis(client).listen({
    message: (channel, text) => messages.push(`${channel}: ${text}`),
    again: () => undefined,
    ended: () => undefined,
  })
  const changes = async (type: string): Promise<void> => {
    listeners.get('topology-change')?.({ type, node: { host: '127.0.0.1', port: 1 } })
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { calls, messages, listener, listeners, changes }
}

test('[A14] after a fail-over each channel is subscribed again, and whoever waits looks: a message may have been missed', async () => {
  const { calls, messages, listener, changes } = scripted()
  for (const channel of ['c', 'd']) await listener.subscribe(channel)
  calls.splice(0)
  await changes('MASTER_CHANGE')
  expect(calls.sort()).toEqual(['subscribe c', 'subscribe d', 'unsubscribe c', 'unsubscribe d'])
  expect(messages.sort()).toEqual(['c: ', 'd: '])
})

test('another change of the topology changes nothing, and none does after the end', async () => {
  const { calls, messages, listener, listeners, changes } = scripted()
  await listener.subscribe('c')
  for (const type of ['SENTINEL_CHANGE', 'REPLICA_ADD', 'REPLICA_REMOVE']) await changes(type)
  expect({ calls, messages }).toEqual({ calls: ['subscribe c'], messages: [] })
  listener.end()
  expect([...listeners.keys()]).toEqual([])
})
