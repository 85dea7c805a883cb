import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A wire between a client and a server that loses what it is told to lose. */
export interface Wire {
  readonly port: number
  /** Counts the bytes of answers that were dropped since `dropAnswers`. */
  readonly dropped: () => number
  /** From now on, answers do not arrive; or they arrive again. */
  readonly dropAnswers: (drop: boolean) => void
  /** Cuts every connection. */
  readonly cut: () => void
  readonly close: () => Promise<void>
}

export const wireTo = async (target: number): Promise<Wire> => {
  const sockets = new Set<Socket>()
  let drops = false
  let dropped = 0
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1')
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(far)
    far.on('data', (bytes) => {
      if (drops) dropped += bytes.length
      else near.write(bytes)
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
      drops = drop
      dropped = 0
    },
    cut,
    close: async () => {
      server.close()
      cut()
      await once(server, 'close')
    },
  }
}
