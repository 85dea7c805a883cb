import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Server } from 'node:net'

/** A server of a row's own, on a free loopback port. */
export interface Listening {
  readonly url: string
  readonly port: number
  /** Ends every connection, too. */
  readonly close: () => Promise<void>
}

/** Starts a server of any kind. */
export const listening = async (server: Server, closeConnections: () => void): Promise<Listening> => {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve)
  })
  // biome-ignore lint/nursery/noUnsafeTypeAssertion: it listens on a port, so its address is not a path and not null.
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        closeConnections()
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
export const httpServer = (answer: (received: Received, response: ServerResponse) => void): Promise<Listening> => {
  // On a busy machine a connection may be idle for longer than the 5 s after which Node ends it, and end while it is used.
  const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
    bodyOf(request).then(
      (body) => answer({ request, body }, response),
      // The client went away.
      () => response.destroy(),
    )
  })
  return listening(server, () => server.closeAllConnections())
}
