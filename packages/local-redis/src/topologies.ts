/** Redis as it is run in earnest: behind Sentinels, or as a Cluster. */
import { eventually, freePort, type Server, type Servers } from './servers.js'

/** One primary, one replica, three Sentinels. */
export const startSentinels = async (all: Servers) => {
  const primary = await all.start(['--repl-diskless-sync-delay', '0'])
  const replica = await all.start(['--replicaof', '127.0.0.1', String(primary.port)])
  const sentinels = await Promise.all([1, 2, 3].map(() => all.startSentinel(primary)))
  await eventually('a replica in step', async () => {
    const info = String(await replica.command('INFO', 'replication'))
    return info.includes('master_link_status:up')
  })
  await Promise.all(
    sentinels.map((sentinel) =>
      eventually('a Sentinel that knows the others', async () => {
        const info = String(await sentinel.command('INFO', 'sentinel'))
        return info.includes('slaves=1,sentinels=3')
      }),
    ),
  )
  return { primary, replica, sentinels }
}

const SLOTS = 16_384
const SHARE = Math.ceil(SLOTS / 3)

/** Three primaries that share the slots. */
export const startCluster = async (all: Servers): Promise<ReadonlyArray<Server>> => {
  const nodes = await Promise.all(
    [0, 1, 2].map(async (index) => {
      const bus = await freePort()
      const node = await all.start([
        ...['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000'],
        ...['--cluster-config-file', 'nodes.conf', '--cluster-port', String(bus)],
      ])
      const last = Math.min(SLOTS, (index + 1) * SHARE) - 1
      await node.command('CLUSTER', 'ADDSLOTSRANGE', String(index * SHARE), String(last))
      await node.command('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1))
      return { ...node, bus }
    }),
  )
  const [first, ...others] = nodes
  for (const other of others) {
    await first?.command('CLUSTER', 'MEET', '127.0.0.1', String(other.port), String(other.bus))
  }
  await Promise.all(
    nodes.map((node) =>
      eventually('a cluster that is whole', async () => {
        const info = String(await node.command('CLUSTER', 'INFO'))
        return info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:3')
      }),
    ),
  )
  return nodes
}
