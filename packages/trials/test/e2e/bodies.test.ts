/** I6 over real sockets: answers that have no end, one way or another, cost a bounded amount of memory and of time. */
import { createServer, type ServerResponse } from 'node:http'
import net from 'node:net'
import { gzipSync } from 'node:zlib'
import { millis, Strategy, seconds } from '@tessera/core'
import { type NodeEnv, nodeEnv } from '@tessera/node'
import { Client, clientCredentials, discovery } from '@tessera/oauth2'
import { type Listening, listening } from '../../src/servers/httpServer.js'
import { left } from '../support/either.js'

const MIB = 1_048_576
const CHUNK = Buffer.alloc(65_536, ' ')
/** A thousand times as large as it is. */
const BOMB = gzipSync(Buffer.alloc(64 * MIB, ' '))

interface Served {
  readonly url: string
  /** How many bytes each connection was made to take, once all are over. */
  readonly sent: () => Promise<ReadonlyArray<number>>
}

let env: NodeEnv
const servers: Listening[] = []

beforeEach(() => {
  env = nodeEnv()
})
afterEach(async () => {
  await env.close()
  for (const server of servers.splice(0)) await server.close()
})

const serve = async (server: net.Server): Promise<Served> => {
  const ends: Promise<number>[] = []
  server.on('connection', (socket: net.Socket) => {
    const end = new Promise<number>((resolve) => {
      socket.on('error', () => undefined).on('close', () => resolve(socket.bytesWritten - socket.writableLength))
    })
    // A connection that undici opens in reserve is not waited for.
    socket.once('data', () => ends.push(end))
  })
  const started = await listening(server)
  servers.push(started)
  return { url: started.url, sent: () => Promise.all(ends) }
}

/** Writes for as long as anybody takes it. */
const endless = (out: net.Socket | ServerResponse, chunk: Buffer | string): void => {
  const more = (): void => {
    while (!out.destroyed && out.write(chunk));
    if (!out.destroyed) out.once('drain', more)
  }
  more()
}

const answering = (answer: (response: ServerResponse) => void): Promise<Served> =>
  serve(
    createServer((request, response) => {
      request.resume().on('end', () => answer(response))
    }),
  )

const raw = (answer: (socket: net.Socket) => void): Promise<Served> =>
  serve(net.createServer((socket) => void socket.once('data', () => answer(socket))))

const ask = (url: string, duration = seconds(20)) => {
  const client = Client.make({ id: 'app', secret: 's3cret', tokenEndpoint: `${url}/token` })
  return clientCredentials({ client })(Strategy.attempt(duration)(env)())(env)()
}

const SERVERS: Readonly<Record<string, () => Promise<Served>>> = {
  'a body without an end': () => answering((response) => endless(response.writeHead(200), CHUNK)),
  'an error without an end': () => answering((response) => endless(response.writeHead(400), CHUNK)),
  'a body that says it has 50 MiB': () =>
    answering((response) => endless(response.writeHead(200, { 'content-length': 50 * MIB }), CHUNK)),
  'a body that hides its length': () =>
    raw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n')
      endless(socket, CHUNK)
    }),
  'headers without an end': () =>
    raw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n')
      endless(socket, `x: ${'y'.repeat(1_000)}\r\n`)
    }),
  'a status line without an end': () => raw((socket) => endless(socket, 'HTTP'.repeat(1_000))),
}

test.each(Object.entries(SERVERS))('%s', async (_name, start) => {
  const { url, sent } = await start()
  const before = process.memoryUsage()
  let most = 0
  const watch = setInterval(() => {
    const { arrayBuffers, heapUsed } = process.memoryUsage()
    most = Math.max(most, arrayBuffers + heapUsed - before.arrayBuffers - before.heapUsed)
  }, 1)
  const results = await Promise.all(Array.from({ length: 8 }, () => ask(url)))
  clearInterval(watch)
  for (const result of results) expect(['OutcomeUnknown', 'Malformed', 'Rejected']).toContain(left(result)._tag)
  // The limit is 64 KiB; the rest is what fills the buffers of two sockets.
  for (const bytes of await sent()) expect(bytes).toBeLessThan(16 * MIB)
  expect(most).toBeLessThan(128 * MIB)
})

test('informational answers without an end last until the deadline', async () => {
  const { url, sent } = await raw((socket) => {
    const more = (): void => {
      // As a slow server would: what fills the socket's buffers is no use here.
      if (!socket.destroyed) socket.write('HTTP/1.1 103 Early Hints\r\n\r\n', () => setImmediate(more))
    }
    more()
  })
  expect(left(await ask(url, millis(300)))).toMatchObject({ _tag: 'OutcomeUnknown' })
  await sent()
})

test('a body of one byte at a time lasts until the deadline', async () => {
  const { url, sent } = await answering((response) => {
    response.writeHead(200)
    const more = (): void => {
      if (!response.destroyed) response.write(' ', () => setTimeout(more, 2))
    }
    more()
  })
  expect(left(await ask(url, millis(300)))).toMatchObject({ _tag: 'OutcomeUnknown' })
  await sent()
})

test('a compressed body is not decompressed', async () => {
  const { url } = await answering((response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(BOMB)
  })
  const before = process.memoryUsage().arrayBuffers
  for (const error of [left(await ask(url)), left(await discovery({ issuer: url })(env)())]) {
    expect(error).toMatchObject({ _tag: expect.stringMatching(/^(Malformed|OutcomeUnknown)$/) })
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * MIB)
  const small = await answering((response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(MIB, ' ')))
  })
  expect(left(await ask(small.url))).toMatchObject({ _tag: 'Malformed', path: 'body', expected: 'JSON' })
})
