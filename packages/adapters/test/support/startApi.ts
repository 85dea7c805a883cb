/** An API over real HTTP. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** A request that has come whole. */
export interface ApiRequest {
  readonly method: string
  readonly path: string
  readonly header: (name: string) => string
  readonly body: string
}

/** What is answered. */
export interface ApiAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** A text as it is, anything else as JSON. Default: `{}`. */
  readonly body?: unknown
}

export interface Api {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string
  readonly close: () => Promise<void>
}

/** Starts an API that answers by a function. */
export const startApi = async (answer: (request: ApiRequest) => ApiAnswer): Promise<Api> => {
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url: path = '', headers } = request
    const {
      status,
      body = {},
      ...more
    } = answer({
      method,
      path,
      header: (name) => String(headers[name] ?? ''),
      body: await text(request),
    })
    const [type, written] = typeof body === 'string' ? ['text/xml', body] : ['application/json', JSON.stringify(body)]
    response.writeHead(status, { 'content-type': type, ...more.headers }).end(written)
  }
  // Beside busy cores a connection may be idle for longer than Node's 5 s, and would end while it is used again.
  const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => void respond(request, response))
  // Beside busy cores a connection would be closed while a request is on its way to it, or refused in a queue that is full.
  Object.assign(server, { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 })
  await new Promise<void>((done) => server.listen({ port: 0, host: '127.0.0.1', backlog: 2_048 }, done))
  // A server that listens on a port has the address of one.
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}
