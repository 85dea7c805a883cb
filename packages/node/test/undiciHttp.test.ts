import { gzipSync } from 'node:zlib'
import type { HttpRequest } from '@tessera/oauth2'
import fc from 'fast-check'
import { Agent, Dispatcher } from 'undici'
import { nodeEnv, undiciHttp } from '../src/index.js'
import { inMs, post, told } from './support/requests.js'
import { type Served, serve, serveRaw } from './support/servers.js'

const env = nodeEnv({ userAgent: 'tests/1' })
const servers: Served[] = []
const using = async <S extends Served>(server: Promise<S>): Promise<S> => {
  const served = await server
  servers.push(served)
  return served
}
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()))
  await env.close()
})
const send = (request: HttpRequest) => env.http.send(request)()
/** What a dispatcher that writes at once says to a request. */
const idle = { aborted: false, paused: false, reason: null, pause() {}, resume() {}, abort() {} }

describe('not sent, or lost', () => {
  test('property: an answer cut anywhere is lost, unless it was complete', async () => {
    const answer = 'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 12\r\n\r\n{"a":"b\\n"} '
    let plan = { cuts: [0], reset: false }
    const server = await using(
      serveRaw((socket) => {
        const { cuts, reset } = plan
        const write = (at: number): void => {
          const cut = cuts[at]
          if (cut !== undefined) socket.write(answer.slice(cuts[at - 1] ?? 0, cut), () => write(at + 1))
          else if (reset) socket.resetAndDestroy()
          else socket.end()
        }
        write(0)
      }),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: answer.length }), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        async (cuts, reset) => {
          plan = { cuts: cuts.toSorted((a, b) => a - b), reset }
          const result = told(await send(post(server.origin)))
          const whole = Math.max(...cuts) === answer.length
          // A reset may overtake what was written before it.
          return result === (whole ? '200' : 'Lost connection') || (whole && reset && result === 'Lost connection')
        },
      ),
      { numRuns: 500 },
    )
  })

  test('a kept connection that the server has closed is not used', async () => {
    const server = await using(
      serveRaw((socket) => {
        socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
      }),
    )
    for (let round = 0; round < 20; round++) expect(told(await send(post(server.origin)))).toBe('200')
  })

  test('a dispatcher that tries again is stopped: one request is written', async () => {
    class Again extends Dispatcher {
      aborts = 0
      override dispatch(_: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
        const controller = { aborted: false, paused: false, reason: null, pause() {}, resume() {} }
        const abort = () => {
          this.aborts++
        }
        handler.onRequestStart?.({ ...controller, abort }, {})
        handler.onRequestStart?.({ ...controller, abort }, {})
        return true
      }
    }
    const dispatcher = new Again()
    const http = undiciHttp({ dispatcher, userAgent: 'tests/1' })
    expect(told(await http.send(post('http://127.0.0.1/'))())).toBe('Lost connection')
    expect(dispatcher.aborts).toBe(1)
  })
})

test('property: each request goes where it says, whatever the one before it was', async () => {
  const places: string[] = []
  const server = () =>
    using(
      serveRaw((socket, request) => {
        places.push(`${socket.localPort}${request.split(' ', 2)[1]}`)
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
      }),
    )
  const origins = [(await server()).origin, (await server()).origin]
  const urls = fc
    .tuple(fc.constantFrom(...origins), fc.constantFrom('/', '/a', '/b?c=d', '/b?c=e#f'))
    .map(([origin, path]) => `${origin}${path}`)
  await fc.assert(
    fc.asyncProperty(fc.array(urls, { maxLength: 6 }), async (asked) => {
      places.splice(0)
      for (const url of asked) expect(told(await send(post(url)))).toBe('200')
      expect(places).toEqual(
        asked.map((url) => new URL(url)).map(({ port, pathname, search }) => port + pathname + search),
      )
    }),
    { numRuns: 50 },
  )
})

test('what aborts while it is handed over is not written', async () => {
  const caller = new AbortController()
  let written = 0
  class Aborting extends Dispatcher {
    override dispatch(_: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
      caller.abort()
      handler.onRequestStart?.(idle, {})
      written++
      return true
    }
  }
  const http = undiciHttp({ dispatcher: new Aborting(), userAgent: 'tests/1' })
  expect(told(await http.send(post('http://127.0.0.1/', { signal: caller.signal }))())).toBe('NotSent abort')
  expect(written).toBe(0)
})

test('a second answer is refused: nobody knows which one holds', async () => {
  const aborts: string[] = []
  class Again extends Dispatcher {
    override dispatch(_: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
      const abort = ({ message }: Error) => void aborts.push(message)
      const controller = { aborted: false, paused: false, reason: null, pause() {}, resume() {}, abort }
      handler.onRequestStart?.(controller, {})
      handler.onResponseStart?.(controller, 103, {}, '')
      handler.onResponseStart?.(controller, 200, {}, '')
      handler.onResponseData?.(controller, Buffer.from('ab'))
      handler.onResponseStart?.(controller, 200, {}, '')
      handler.onResponseData?.(controller, Buffer.from('abcd'))
      handler.onResponseEnd?.(controller, {})
      return true
    }
  }
  const http = undiciHttp({ dispatcher: new Again(), userAgent: 'tests/1' })
  expect(told(await http.send(post('http://127.0.0.1/'))())).toBe('Lost connection')
  expect(aborts).toEqual(['a second answer was refused'])
})

test('a deadline that comes before its timer: not sent', async () => {
  let written = 0
  class Blocked extends Dispatcher {
    override dispatch(_: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
      // The event loop is busy elsewhere until the deadline, and then the connection is the first to be served.
      while (Date.now() < deadline);
      handler.onRequestStart?.(idle, {})
      written++
      return true
    }
  }
  const deadline = inMs(20)
  const http = undiciHttp({ dispatcher: new Blocked(), userAgent: 'tests/1' })
  expect(told(await http.send(post('http://127.0.0.1/', { deadline }))())).toBe('NotSent deadline')
  expect(written).toBe(0)
})

describe('bounds', () => {
  test('a gzip bomb is bounded before it is anything else', async () => {
    const bomb = gzipSync(Buffer.alloc(200 << 20))
    const server = await using(serve((_, response) => response.setHeader('content-encoding', 'gzip').end(bomb)))
    expect(told(await send(post(server.origin)))).toBe('Lost size')
  })

  test('50 MiB in chunks: given up within the bound', async () => {
    let written = 0
    let done = () => {}
    const closed = new Promise<void>((resolve) => {
      done = resolve
    })
    const server = await using(
      serve((_, response) => {
        const write = () => {
          while (written < 50 << 20 && !response.destroyed) {
            written += 1 << 16
            if (!response.write(Buffer.alloc(1 << 16))) return
          }
          response.end()
        }
        response.on('close', done).on('drain', write)
        write()
      }),
    )
    expect(told(await send(post(server.origin)))).toBe('Lost size')
    await closed
    expect(written).toBeLessThan(25 << 20)
  })
})

describe('the environment', () => {
  test('a closed one sends nothing; a given dispatcher stays open', async () => {
    const server = await using(serve((_, response) => response.end()))
    const closed = nodeEnv()
    await closed.close()
    expect(told(await closed.http.send(post(server.origin))())).toBe('NotSent connection')
    expect(server.connections()).toBe(0)

    const dispatcher = new Agent()
    const given = nodeEnv({ dispatcher })
    await given.close()
    expect(told(await given.http.send(post(server.origin))())).toBe('200')
    await dispatcher.close()
  })
})
