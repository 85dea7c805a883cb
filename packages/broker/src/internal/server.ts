/**
 * A server of HTTP with limits, which loses no request at its end.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type Clock, type Duration, seconds } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type { Door } from '../Door.js'
import { type Answer, type Incoming, refused } from '../Incoming.js'
import { type Refusal, refusal } from '../Refusal.js'

/** Larger than any token, in bytes. */
const LONGEST_BODY = 65_536

/** What a listener of events may leave unread, in bytes. */
const LONGEST_QUEUE = 262_144

const MOST_CONNECTIONS = 1_024

/** How long a connection without a request is kept, which each answer says (RFC 9112 §9.3). */
const KEPT = seconds(5)

/** How long the last requests may take. */
const LAST = seconds(10)

const HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }

/** A server that listens nowhere yet. */
export interface HttpServer {
  readonly server: Server
  /** Answers what is under way, and what comes on connections that are there. */
  readonly end: Task<void>
}

const TOO_LARGE = refusal('invalid_request', `a body has ${LONGEST_BODY} bytes at most`, { status: 413 })

const NO_TARGET = refusal('invalid_request', 'the target is no path')

/** What the path of a request is relative to. */
const BASE = 'http://broker'

/** The body; none where it is too large, or its sender has gone. */
const bodyOf = async (request: IncomingMessage): Promise<O.Option<string>> => {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      size += chunk.length
      if (size > LONGEST_BODY) return O.none
      chunks.push(chunk)
    }
  } catch {
    return O.none
  }
  return O.some(Buffer.concat(chunks).toString())
}

/** Has a body that is worth reading. */
const hasBody = ({ method }: IncomingMessage): boolean => method !== 'GET' && method !== 'HEAD'

/** A server over what answers. */
export const makeServer = (answer: (request: Incoming) => Task<Answer>, door: Door, clock: Clock): HttpServer => {
  let isEnding = false
  const sockets = new Set<Socket>()
  const streams = new Set<() => void>()

  const write = (response: ServerResponse, of: Extract<Answer, { readonly _tag: 'Text' }>, isLast = false): void => {
    if (response.destroyed) return
    response.writeHead(of.status, {
      ...HEADERS,
      'content-type': of.type,
      // RFC 9110 §8.6
      ...(of.status !== 204 && { 'content-length': Buffer.byteLength(of.body) }),
      ...of.headers,
      ...((isEnding || isLast) && { connection: 'close' }),
    })
    response.end(of.body)
  }

  const stream = (response: ServerResponse, { open }: Extract<Answer, { readonly _tag: 'Stream' }>): void => {
    // Whoever asked has gone meanwhile, and no `close` comes any more.
    if (response.destroyed) return
    response.on('error', () => undefined)
    response.socket?.setTimeout(0)
    response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' })
    const stop = open((text) => {
      // Whoever does not read is not waited for.
      if (response.writableLength > LONGEST_QUEUE) response.destroy()
      else response.write(text)
    })
    const end = (): void => {
      streams.delete(end)
      stop()
      response.end()
    }
    streams.add(end)
    response.once('close', end)
    if (isEnding) end()
  }

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const gone = new AbortController()
    response.once('close', () => gone.abort(null))
    const refuse = (why: Refusal): void => {
      const said = refused(why)
      if (said._tag === 'Text') write(response, said, true)
    }
    const target = request.url ?? ''
    if (!URL.canParse(target, BASE)) return refuse(NO_TARGET)
    const url = new URL(target, BASE)
    const closed = await door(request, url.pathname)
    if (O.isSome(closed)) return refuse(closed.value)
    const body = hasBody(request) ? await bodyOf(request) : O.some('')
    if (O.isNone(body)) return refuse(TOO_LARGE)
    const said = await answer({
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: body.value,
      signal: gone.signal,
    })()
    if (said._tag === 'Stream') stream(response, said)
    else write(response, said)
  }

  const server = createServer(
    {
      maxHeaderSize: 16_384,
      headersTimeout: seconds(10),
      requestTimeout: seconds(15),
      keepAliveTimeout: KEPT,
      connectionsCheckingInterval: seconds(2),
    },
    (request, response) => {
      handle(request, response).catch(() => response.destroy())
    },
  )
  server.maxConnections = MOST_CONNECTIONS
  server.timeout = seconds(60)
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })

  /** Resolves when nobody is connected, or after a time. */
  const left = async (longest: Duration): Promise<void> => {
    const over = new AbortController()
    const watch = (socket: Socket): void => {
      socket.once('close', () => {
        if (sockets.size === 0) over.abort(null)
      })
    }
    for (const socket of sockets) watch(socket)
    server.on('connection', watch)
    if (sockets.size > 0) await clock.sleep(longest, over.signal)()
    server.off('connection', watch)
  }

  return {
    server,
    end: async () => {
      isEnding = true
      for (const end of streams) end()
      // What the kernel has accepted is there after a turn of the event loop, and what is on its way along a connection that is kept
      // gets an answer, the connection's last.
      for (const _ of [1, 2, 3]) await new Promise((resolve) => setImmediate(resolve))
      await left(KEPT)
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      await left(LAST)
      server.closeAllConnections()
      await closed
    },
  }
}
