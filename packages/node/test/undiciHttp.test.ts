import net from 'node:net'
import { inspect } from 'node:util'
import { gzipSync } from 'node:zlib'
import { millis, plus, Secret } from '@tessera/core'
import type { HttpRequest } from '@tessera/oauth2'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { Agent, Dispatcher } from 'undici'
import { nodeEnv, undiciHttp } from '../src/index.js'
import { faults } from './support/faults.js'
import { inMs, post, told, wrongClocks } from './support/requests.js'
import { bodyOf, closedPort, listen, type Served, serve, serveRaw } from './support/servers.js'

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

describe('what is sent and what comes back', () => {
  test('headers, secrets and body go out as given, with identity and the user agent', async () => {
    const seen: unknown[] = []
    const server = await using(
      serve(async (request, response) => {
        seen.push([request.method, request.url, request.headers, await bodyOf(request)])
        response.setHeader('x-two', ['a', 'b']).end('ok')
      }),
    )
    const result = await send(
      post(`${server.origin}/token?a=%20b`, {
        headers: [
          ['authorization', Secret.make('Basic', 'Basic abc')],
          ['accept-encoding', 'gzip'],
        ],
        body: O.some(Secret.make('Body', 'x=ü')),
      }),
    )
    if (E.isLeft(result)) throw new Error(result.left.reason)
    expect(result.right.header('x-two')).toEqual(O.some('a, b'))
    expect(result.right.header('toString')).toEqual(O.none)
    expect(Secret.open(result.right.body)).toBe('ok')
    expect(seen).toEqual([
      [
        'POST',
        '/token?a=%20b',
        {
          host: `127.0.0.1:${server.port}`,
          connection: 'keep-alive',
          'accept-encoding': 'identity',
          'user-agent': 'tests/1',
          authorization: 'Basic abc',
          'content-length': '4',
        },
        'x=ü',
      ],
    ])
  })

  test('property: any status and any body within the bound come back as they were', async () => {
    let answer = { status: 200, body: '' }
    const server = await using(
      serve((_, response) => response.writeHead(answer.status, { 'x-length': answer.body.length }).end(answer.body)),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 200, max: 599 }).filter((status) => ![204, 205, 304].includes(status)),
        fc.string({ unit: 'grapheme', maxLength: 500 }),
        async (status, body) => {
          answer = { status, body }
          const result = await send(post(server.origin))
          return E.isRight(result) && result.right.status === status && Secret.open(result.right.body) === body
        },
      ),
      { numRuns: 200 },
    )
  })

  test('103 before the answer is not the answer', async () => {
    const server = await using(
      serveRaw((socket) =>
        socket.write('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'),
      ),
    )
    expect(told(await send(post(server.origin)))).toBe('200')
  })

  test('a compressed answer is handed over as it came', async () => {
    const server = await using(
      serve((_, response) => response.setHeader('content-encoding', 'gzip').end(gzipSync('{"a":1}'))),
    )
    const result = await send(post(server.origin))
    expect(told(result)).toBe('200')
    expect(E.isRight(result) && Secret.open(result.right.body).includes('"a"')).toBe(false)
  })
})

describe('redirects are never followed', () => {
  const cases = [301, 302, 303, 307, 308].flatMap((status) =>
    (['GET', 'POST'] as const).flatMap((method) =>
      ['absolute', 'protocol-relative', 'same origin'].map((form) => ({ status, method, form })),
    ),
  )
  test.each(cases)('$status of $method, $form', async ({ status, method, form }) => {
    const other = await using(serve((_, response) => response.end('stolen')))
    const paths: unknown[] = []
    const location = { absolute: `${other.origin}/x`, 'protocol-relative': other.origin.slice(5) }[form] ?? '/x'
    const server = await using(
      serve((request, response) => {
        paths.push(request.url)
        response.writeHead(status, { location }).end()
      }),
    )
    expect(told(await send(post(`${server.origin}/token`, { method })))).toBe(`${status}`)
    expect(paths).toEqual(['/token'])
    expect(other.connections()).toBe(0)
  })
})

describe('not sent, or lost', () => {
  test('nobody listens: not sent', async () => {
    const result = await send(post(`http://127.0.0.1:${await closedPort()}/`))
    expect(result).toEqual(E.left({ _tag: 'NotSent', cause: 'connection', reason: 'ECONNREFUSED' }))
  })

  test('the deadline has passed, or the signal has aborted: not sent, no connection', async () => {
    const server = await using(serve((_, response) => response.end()))
    expect(told(await send(post(server.origin, { deadline: inMs(-1) })))).toBe('NotSent deadline')
    expect(told(await send(post(server.origin, { signal: AbortSignal.abort() })))).toBe('NotSent abort')
    expect(server.connections()).toBe(0)
  })

  test('no URL: not sent', async () => {
    expect(told(await send(post('no url')))).toBe('NotSent connection')
  })

  test('a TLS server that is none: not sent', async () => {
    const plain = await using(serve((_, response) => response.end()))
    expect(told(await send(post(`https://127.0.0.1:${plain.port}`)))).toBe('NotSent connection')
  })

  test('a handshake that hangs until the deadline: not sent', async () => {
    const mute = await using(listen(net.createServer()))
    expect(told(await send(post(`https://127.0.0.1:${mute.port}`, { deadline: inMs(100) })))).toBe('NotSent deadline')
  })

  test.each(faults)('%s: %s', async (_, expected, answer) => {
    let requests = 0
    const server = await using(
      serveRaw((socket) => {
        requests++
        answer(socket)
      }),
    )
    const deadline = inMs(expected === 'Lost deadline' ? 150 : 20_000)
    expect(told(await send(post(server.origin, { deadline })))).toBe(expected)
    expect(requests).toBe(1)
  })

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

  test('aborted under way: lost', async () => {
    const abort = new AbortController()
    const server = await using(serveRaw(() => abort.abort()))
    expect(told(await send(post(server.origin, { signal: abort.signal })))).toBe('Lost abort')
  })

  test('queued behind another request when the deadline comes: not sent, not sent later', async () => {
    const narrow = nodeEnv({ connections: 1 })
    const paths: string[] = []
    let finish = () => {}
    const server = await using(
      serveRaw((socket, request) => {
        paths.push(request.split(' ', 2)[1] ?? '')
        const answer = () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
        if (paths.length === 1) finish = answer
        else answer()
      }),
    )
    const first = narrow.http.send(post(`${server.origin}/first`))()
    const abort = new AbortController()
    const aborted = narrow.http.send(post(`${server.origin}/aborted`, { signal: abort.signal }))()
    expect(told(await narrow.http.send(post(`${server.origin}/late`, { deadline: inMs(100) }))())).toBe(
      'NotSent deadline',
    )
    abort.abort()
    expect(told(await aborted)).toBe('NotSent abort')
    finish()
    expect(told(await first)).toBe('200')
    expect(told(await narrow.http.send(post(`${server.origin}/last`))())).toBe('200')
    expect(paths).toEqual(['/first', '/last'])
    await narrow.close()
  })

  test('a kept connection that the server resets at the next request: lost, and not sent twice', async () => {
    let requests = 0
    const server = await using(
      serveRaw((socket) => {
        if (++requests === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
        else socket.resetAndDestroy()
      }),
    )
    const narrow = nodeEnv({ connections: 1 })
    expect(told(await narrow.http.send(post(server.origin))())).toBe('200')
    expect(told(await narrow.http.send(post(server.origin))())).toBe('Lost connection')
    expect(requests).toBe(2)
    expect(server.connections()).toBe(1)
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
  let aborts = 0
  class Blocked extends Dispatcher {
    override dispatch(_: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
      // The event loop is busy elsewhere until the deadline, and then the connection is the first to be served.
      while (Date.now() < deadline);
      const abort = () => {
        aborts++
      }
      handler.onRequestStart?.({ aborted: false, paused: false, reason: null, pause() {}, resume() {}, abort }, {})
      return true
    }
  }
  const deadline = inMs(20)
  const http = undiciHttp({ dispatcher: new Blocked(), userAgent: 'tests/1' })
  expect(told(await http.send(post('http://127.0.0.1/', { deadline }))())).toBe('NotSent deadline')
  expect(aborts).toBe(1)
})

test.each(wrongClocks)('deadlines are by the clock that is given: a %s one', async (_, clock) => {
  const live = nodeEnv({ clock })
  expect(live.clock).toBe(clock)
  const inTime = await using(serve((_, response) => response.end()))
  const mute = await using(serve(() => {}))
  const within = (ms: number) => ({ deadline: plus(clock.now(), millis(ms)) })
  expect(told(await live.http.send(post(inTime.origin, within(20_000)))())).toBe('200')
  expect(told(await live.http.send(post(inTime.origin, within(-1)))())).toBe('NotSent deadline')
  expect(told(await live.http.send(post(mute.origin, within(100)))())).toBe('Lost deadline')
  await live.close()
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

  test('exactly the bound is no error, one byte more is', async () => {
    const server = await using(serve((request, response) => response.end('a'.repeat(Number(request.url?.slice(1))))))
    expect(told(await send(post(`${server.origin}/1000`, { maxBytes: 1000 })))).toBe('200')
    expect(told(await send(post(`${server.origin}/1001`, { maxBytes: 1000 })))).toBe('Lost size')
  })
})

describe('secrets', () => {
  test('property: a header or a body that cannot be sent is not shown', async () => {
    const server = await using(serve((_, response) => response.destroy()))
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('\n', '\r', '\0', 'ü\u0001', ''), async (bad) => {
        const canary = `c4n4ry${bad}`
        const request = post(server.origin, {
          headers: [['authorization', Secret.make('Basic', canary)]],
          body: O.some(Secret.make('Body', canary)),
        })
        const result = await send(request)
        const seen = inspect([result, request, env], { depth: 9, showHidden: true }) + JSON.stringify([result, request])
        return E.isLeft(result) && !seen.includes('c4n4ry')
      }),
      { numRuns: 20 },
    )
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
