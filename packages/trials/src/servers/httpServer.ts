/** Servers in this process, on free loopback ports. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Server, Socket } from 'node:net'

/** One that listens. */
export interface Listening {
  readonly url: string
  readonly port: number
  /** Ends every connection, too. */
  readonly close: () => Promise<void>
}

/** Starts a server of any kind. */
export const listening = async (server: Server): Promise<Listening> => {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    port: address.port,
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

/** What came. */
export interface Received {
  readonly request: IncomingMessage
  readonly body: string
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) body += chunk
  return body
}

/** An HTTP server that reads each request to its end and answers it. */
export const httpServer = (
  answer: (received: Received, response: ServerResponse) => void | Promise<void>,
): Promise<Listening> => {
  // On a busy machine a connection may be idle for longer than the 5 s after which Node ends it, and end while it is used.
  const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
    bodyOf(request).then(
      (body) => answer({ request, body }, response),
      // The client went away.
      () => response.destroy(),
    )
  })
  return listening(server)
}
