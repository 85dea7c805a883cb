import { readFileSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { join } from 'node:path'
import tls from 'node:tls'

export interface Served {
  readonly port: number
  readonly origin: string
  /** Sockets that were accepted so far. */
  readonly connections: () => number
  readonly close: () => Promise<void>
}

/** Listens on a loopback port of the system's choice, and closes with every socket. */
export const listen = async (server: net.Server, scheme = 'http'): Promise<Served> => {
  const sockets = new Set<net.Socket>()
  let connections = 0
  server.on('connection', (socket: net.Socket) => {
    connections++
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    port: address.port,
    origin: `${scheme}://127.0.0.1:${address.port}`,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

/** In ms: beside busy cores a connection may be idle for longer than Node's 5 s, and would end while it is used again. */
const keepAliveTimeout = 600_000

/** An HTTP server. */
export const serve = (handler: http.RequestListener): Promise<Served> =>
  listen(http.createServer({ keepAliveTimeout }, handler))

/** A server that gets each request's text (headers and a body of known length) and writes whatever it likes. */
export const serveRaw = (answer: (socket: net.Socket, request: string) => void): Promise<Served> =>
  listen(
    net.createServer((socket) => {
      let received = ''
      socket.on('data', (data) => {
        received += data.toString('latin1')
        const end = received.indexOf('\r\n\r\n')
        if (end < 0) return
        const length = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0)
        if (received.length < end + 4 + length) return
        const request = received
        received = ''
        answer(socket, request)
      })
    }),
  )

/** A port where nobody listens. */
export const closedPort = async (): Promise<number> => {
  const served = await listen(net.createServer())
  await served.close()
  return served.port
}

export const bodyOf = async (request: http.IncomingMessage): Promise<string> => {
  let body = ''
  for await (const chunk of request) body += chunk
  return body
}

/** An authority, a server's certificate by it, and a client's. */
export interface Authority {
  readonly ca: string
  readonly server: { readonly key: string; readonly cert: string }
  readonly client: { readonly key: string; readonly cert: string }
}

/** One for 127.0.0.1, and another for another name. Made by authorities.sh: no machine needs openssl to run the tests. */
export const authorities: Readonly<Record<'loopback' | 'other', Authority>> = JSON.parse(
  readFileSync(join(__dirname, 'authorities.json'), 'utf8'),
)

/** An HTTPS server. */
export const serveTls = (
  { ca, server }: Authority,
  handler: http.RequestListener,
  options: tls.TlsOptions = {},
): Promise<Served> => {
  const inner = http.createServer({ keepAliveTimeout }, handler)
  const outer = tls.createServer({ ...server, ca, ...options }, (socket) => inner.emit('connection', socket))
  outer.on('tlsClientError', () => {})
  return listen(outer, 'https')
}

/** A CONNECT proxy that keeps what it was told. */
export const serveProxy = async (
  answer: (request: http.IncomingMessage, socket: net.Socket) => boolean = () => true,
): Promise<Served & { readonly connects: ReadonlyArray<http.IncomingMessage> }> => {
  const connects: http.IncomingMessage[] = []
  const server = http.createServer((_, response) => response.writeHead(405).end())
  server.on('connect', (request: http.IncomingMessage, socket: net.Socket) => {
    connects.push(request)
    if (!answer(request, socket)) return
    const target = new URL(`http://${request.url}`)
    const upstream = net.connect(Number(target.port), target.hostname, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      upstream.pipe(socket).pipe(upstream)
    })
    upstream.on('error', () => socket.destroy())
    socket.on('error', () => upstream.destroy()).on('close', () => upstream.destroy())
  })
  return Object.assign(await listen(server), { connects })
}

/** Servers that echo a request where HTTP was due: instead of a status, and in the middle of a body. */
export const echoes: ReadonlyArray<readonly [where: string, answer: (socket: net.Socket, request: string) => void]> = [
  ['the status line', (socket, request) => socket.end(`HTTP/1.1 nonsense ${request}`)],
  [
    'the body',
    (socket, request) =>
      // Apart, so that the answer has begun when it breaks.
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n', () =>
        setImmediate(() => socket.end(`zz${request}`)),
      ),
  ],
]
