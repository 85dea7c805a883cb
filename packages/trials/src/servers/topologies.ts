/** Redis as it is run in earnest: behind Sentinels, or as a Cluster. All know each other from the start, by their files. */
import { randomBytes } from 'node:crypto'
import { eventually } from './eventually.js'
import { freePort } from './ports.js'
import type { Server, Servers } from './redis.js'

const HOST = '127.0.0.1'

/** How a Redis names its nodes. */
const newId = (): string => randomBytes(20).toString('hex')

const freePorts = (count: number): Promise<ReadonlyArray<number>> =>
  Promise.all(Array.from({ length: count }, () => freePort()))

const isInStep = async (replica: Server): Promise<boolean> =>
  String(await replica.command('INFO', 'replication')).includes('master_link_status:up')

/** Until the primary counts so many replicas, which is after they think that they are in step. */
const hasReplicas = (primary: Server, count: number): Promise<void> =>
  eventually(`${count} replicas`, async () => {
    const info = String(await primary.command('INFO', 'replication'))
    // One at 0 has not answered yet, and is sent nothing.
    return info.split(/state=online,offset=[1-9]/).length - 1 === count
  })

// -----------------------------------------------------------------------------
// Sentinel
// -----------------------------------------------------------------------------

/** The parameters of {@link startSentinels}. */
export interface SentinelOptions {
  /** Options of each of the three servers. */
  readonly options?: ReadonlyArray<string>
  /** How long a server may be silent, in ms. Default: 30 s, so that there is no fail-over on a busy machine. */
  readonly downAfter?: number
  /** By which port others reach a server: that of a wire, say. Default: its own. */
  readonly reach?: (port: number) => Promise<number>
}

/** One primary, two replicas, three Sentinels. The name of the primary is `main`. */
export const startSentinels = async (
  all: Servers,
  { options = [], downAfter = 30_000, reach = async (port) => port }: SentinelOptions = {},
) => {
  const start = async (further: ReadonlyArray<string>) => {
    const port = await freePort()
    const reached = await reach(port)
    const announced = ['--replica-announce-ip', HOST, '--replica-announce-port', String(reached)]
    const common = ['--repl-diskless-sync', 'no', '--repl-ping-replica-period', '1', ...announced, ...options]
    return { ...(await all.start([...common, ...further], port)), reached }
  }
  const primary = await start([])
  const replicas = await Promise.all([1, 2].map(() => start(['--replicaof', HOST, String(primary.reached)])))
  await Promise.all([
    hasReplicas(primary, 2),
    ...replicas.map((replica) => eventually('a replica in step', () => isInStep(replica))),
  ])

  const known = (await freePorts(3)).map((port) => ({ port, id: newId() }))
  const sentinels = await Promise.all(
    known.map(({ port, id }) =>
      all.startSentinel(
        [
          `sentinel myid ${id}`,
          `sentinel monitor main ${HOST} ${primary.reached} 2`,
          `sentinel down-after-milliseconds main ${downAfter}`,
          `sentinel failover-timeout main ${3 * downAfter}`,
          ...replicas.map(({ reached }) => `sentinel known-replica main ${HOST} ${reached}`),
          ...known.filter((of) => of.id !== id).map((of) => `sentinel known-sentinel main ${HOST} ${of.port} ${of.id}`),
        ],
        port,
      ),
    ),
  )
  await Promise.all(
    sentinels.map((sentinel) =>
      eventually('a Sentinel that knows the others', async () => {
        const info = String(await sentinel.command('INFO', 'sentinel'))
        const known = JSON.stringify(await sentinel.command('SENTINEL', 'REPLICAS', 'main'))
        const inStep = known.split('"master-link-status","ok"').length - 1
        return info.includes('status=ok') && info.includes('slaves=2,sentinels=3') && inStep === 2
      }),
    ),
  )
  return { primary, replicas, sentinels }
}

// -----------------------------------------------------------------------------
// Cluster
// -----------------------------------------------------------------------------

/** A server of a Cluster. */
export interface ClusterNode extends Server {
  readonly id: string
}

const SLOTS = 16_384

/** Three primaries that share the slots, then the replica of each. */
export const startCluster = async (all: Servers): Promise<ReadonlyArray<ClusterNode>> => {
  const ports = await freePorts(12)
  const known = [0, 1, 2, 3, 4, 5].map((index) => ({
    id: newId(),
    index,
    port: ports[index] ?? 0,
    bus: ports[index + 6] ?? 0,
  }))
  const firstSlot = (index: number): number => Math.ceil((index * SLOTS) / 3)
  const line = ({ id, index, port, bus }: (typeof known)[number], isSelf: boolean): string => {
    const role = index < 3 ? 'master' : 'slave'
    const primary = index < 3 ? '-' : known[index - 3]?.id
    const slots = index < 3 ? ` ${firstSlot(index)}-${firstSlot(index + 1) - 1}` : ''
    const epoch = (index % 3) + 1
    return `${id} ${HOST}:${port}@${bus} ${isSelf ? 'myself,' : ''}${role} ${primary} 0 0 ${epoch} connected${slots}`
  }
  const nodes = await Promise.all(
    known.map(async (self) => {
      const lines = [...known.map((of) => line(of, of === self)), 'vars currentEpoch 3 lastVoteEpoch 0']
      const node = await all.start(
        [
          ...['--cluster-enabled', 'yes', '--cluster-node-timeout', '30000', '--cluster-port', String(self.bus)],
          ...['--cluster-config-file', 'nodes.conf', '--repl-diskless-sync', 'no'],
        ],
        self.port,
        { 'nodes.conf': `${lines.join('\n')}\n` },
      )
      return { ...node, id: self.id }
    }),
  )
  await Promise.all(
    nodes.map(async (node, index) => {
      await eventually('a cluster that is whole', async () => {
        const info = String(await node.command('CLUSTER', 'INFO'))
        return info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:6')
      })
      if (index < 3) await hasReplicas(node, 1)
      else await eventually('a replica in step', () => isInStep(node))
    }),
  )
  return nodes
}

/** The primary that has a slot, as one node sees it. */
const ownerIn = async (node: Server, slot: number): Promise<string | undefined> => {
  const isIn = (range: string): boolean => {
    const [first = '', last = first] = range.split('-')
    return Number(first) <= slot && slot <= Number(last)
  }
  const lines = String(await node.command('CLUSTER', 'NODES')).split('\n')
  return lines.find((line) => line.split(' ').slice(8).some(isIn))?.split(' ')[0]
}

/** How a slot is moved. */
export interface Move {
  /** Between the steps. */
  readonly pause?: () => Promise<void>
  /** Whether the old owner hears first of the new one, who still denies it; otherwise, as is usual, last. */
  readonly oldFirst?: boolean
}

/**
 * Moves the slot of a record to another primary; tells to which. One at a time: two at once make nodes that disagree for long,
 * which is Redis's own affair.
 */
export const moveSlot = async (
  nodes: ReadonlyArray<ClusterNode>,
  name: string,
  { pause = async () => undefined, oldFirst = false }: Move = {},
): Promise<ClusterNode> => {
  const [first] = nodes
  const slot = Number(await first?.command('CLUSTER', 'KEYSLOT', name))
  const owner = first && (await ownerIn(first, slot))
  const from = nodes.find(({ id }) => id === owner)
  const to = nodes.slice(0, 3).find(({ id }) => id !== owner)
  if (from === undefined || to === undefined) throw new Error(`nobody has slot ${slot}`)
  await to.command('CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', from.id)
  await from.command('CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', to.id)
  await pause()
  const names = await from.command('CLUSTER', 'GETKEYSINSLOT', String(slot), '1000')
  if (!Array.isArray(names)) throw new Error('no names')
  await from.command('MIGRATE', HOST, String(to.port), '', '0', '5000', 'KEYS', ...names.map(String))
  await pause()
  for (const node of oldFirst ? [from, to] : [to, from]) {
    await node.command('CLUSTER', 'SETSLOT', String(slot), 'NODE', to.id)
    await pause()
  }
  await eventually('nodes that agree', async () => {
    const owners = await Promise.all(nodes.map((node) => ownerIn(node, slot)))
    return owners.every((id) => id === to.id)
  })
  return to
}
