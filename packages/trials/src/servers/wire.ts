import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A wire between a client and a server that loses, and delays, what it is told to. */
export interface Wire {
  readonly port: number
  /** Counts the bytes that were dropped since it was last told to drop. */
  readonly dropped: () => number
  /** From now on, answers do not arrive; or they arrive again. */
  readonly dropAnswers: (drop: boolean) => void
  /**
   * From now on, replicas do not hear of writes, though their connections stay; or they connect again, and are brought into
   * step by the primary that is there then.
   */
  readonly dropReplication: (drop: boolean) => void
  /** From now on, everything arrives so much later, in ms. */
  readonly delay: (milliseconds: number) => void
  /** From now on, connections go to another server, as those to a name do that it was given. */
  readonly redirect: (port: number) => void
  /** From now on, nothing is heard of the connections that are there, as of a server that has vanished; they stay, and new ones are none of those. */
  readonly darken: () => void
  /** Cuts every connection. */
  readonly cut: () => void
  readonly close: () => Promise<void>
}

/** Calls `arrive` in the order of the calls, each as late as it is told. */
const inOrder = (): ((delay: number, arrive: () => void) => void) => {
  const queue: Array<{ readonly due: number; readonly arrive: () => void }> = []
  const deliver = (): void => {
    for (let next = queue[0]; next !== undefined; next = queue[0]) {
      const left = next.due - performance.now()
      if (left > 0) {
        setTimeout(deliver, Math.ceil(left))
        return
      }
      queue.shift()
      next.arrive()
    }
  }
  return (delay, arrive) => {
    queue.push({ due: performance.now() + delay, arrive })
    if (queue.length === 1) deliver()
  }
}

export const wireTo = async (first: number): Promise<Wire> => {
  const sockets = new Set<Socket>()
  let target = first
  /** The near ends of replicas. */
  const replicas = new Set<Socket>()
  let drops: 'nothing' | 'answers' | 'replication' = 'nothing'
  let dropped = 0
  let delay = 0
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1')
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        replicas.delete(near)
        near.destroy()
        far.destroy()
      })
    }
    const [there, back] = [inOrder(), inOrder()]
    const pass = (to: Socket, bytes: Buffer) => (): void => {
      if (!to.destroyed) to.write(bytes)
    }
    near.on('data', (bytes) => {
      if (bytes.includes('PSYNC')) replicas.add(near)
      there(delay, pass(far, bytes))
    })
    near.on('end', () => there(delay, () => far.end()))
    far.on('data', (bytes) => {
      if (drops === 'answers' || (drops === 'replication' && replicas.has(near))) dropped += bytes.length
      else back(delay, pass(near, bytes))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: address.port,
    dropped: () => dropped,
    dropAnswers: (drop) => {
      drops = drop ? 'answers' : 'nothing'
      dropped = 0
    },
    dropReplication: (drop) => {
      drops = drop ? 'replication' : 'nothing'
      dropped = 0
      // One that has missed something would take what follows for it.
      if (!drop) for (const socket of replicas) socket.destroy()
    },
    delay: (milliseconds) => {
      delay = milliseconds
    },
    redirect: (port) => {
      target = port
    },
    darken: () => {
      for (const socket of sockets) socket.pause()
    },
    cut,
    close: async () => {
      server.close()
      cut()
      await once(server, 'close')
    },
  }
}
