/** What holds of HTTP over either transport. */
import net from 'node:net'
import { inspect } from 'node:util'
import { gzipSync } from 'node:zlib'
import { type Clock, millis, plus, Secret } from '@tessera/core'
import type { HttpRequest } from '@tessera/oauth2'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { nodeEnv } from '../src/index.js'
import { slimEnv } from '../src/slim.js'
import { faults } from './support/faults.js'
import { inMs, post, told, wrongClocks } from './support/requests.js'
import { bodyOf, closedPort, listen, type Served, serve, serveRaw } from './support/servers.js'

interface Options {
  readonly userAgent?: string
  readonly clock?: Clock
}

const servers: Served[] = []
const using = async <S extends Served>(server: Promise<S>): Promise<S> => {
  const served = await server
  servers.push(served)
  return served
}
describe.each([
  // With one connection, so that it must be kept; as many as it likes, undici opens another now and then.
  ['undici', (options: Options) => nodeEnv({ ...options, connections: 1 })],
  ['node:http', (options: Options) => ({ ...slimEnv(options), close: () => Promise.resolve() })],
])('by %s', (_transport, open) => {
  const env = open({ userAgent: 'tests/1' })
  const send = (request: HttpRequest) => env.http.send(request)()
  afterAll(async () => {
    // A close of the environment would wait for the handshake that hangs.
    await Promise.all(servers.splice(0).map((server) => server.close()))
    await env.close()
  })

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

    test('property: any status and any body within the bound come back as they were, over one connection', async () => {
      let answer = { status: 200, body: '' }
      const server = await using(serve((_, response) => response.writeHead(answer.status).end(answer.body)))
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
      expect(server.connections()).toBe(1)
    })

    test.each(['GET', 'POST', 'DELETE'] as const)(
      'the body of a %s has its length, and is not the beginning of the next request',
      async (method) => {
        const seen: unknown[] = []
        const server = await using(
          serve(async (request, response) => {
            const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
            seen.push([request.method, length, encoding, await bodyOf(request)])
            response.end()
          }),
        )
        const body = O.some(Secret.make('Body', '{"access_token":"ü"}'))
        for (const _time of [1, 2]) expect(told(await send(post(server.origin, { method, body })))).toBe('200')
        expect(told(await send(post(server.origin, { method, body: O.none })))).toBe('200')
        const one = [method, '21', undefined, '{"access_token":"ü"}']
        expect(seen).toEqual([one, one, [method, method === 'POST' ? '0' : undefined, undefined, '']])
      },
    )

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

    test('aborted under way: lost', async () => {
      const abort = new AbortController()
      const server = await using(serveRaw(() => abort.abort()))
      expect(told(await send(post(server.origin, { signal: abort.signal })))).toBe('Lost abort')
    })

    test('a kept connection that the server resets at the next request: lost, and not sent twice', async () => {
      let requests = 0
      const server = await using(
        serveRaw((socket) => {
          if (++requests === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
          else socket.resetAndDestroy()
        }),
      )
      expect(told(await send(post(server.origin)))).toBe('200')
      expect(told(await send(post(server.origin)))).toBe('Lost connection')
      expect(requests).toBe(2)
      expect(server.connections()).toBe(1)
    })
  })

  test('a body is bounded: exactly the bound is no error, one byte more is', async () => {
    const server = await using(serve((request, response) => response.end('a'.repeat(Number(request.url?.slice(1))))))
    expect(told(await send(post(`${server.origin}/1000`, { maxBytes: 1000 })))).toBe('200')
    expect(told(await send(post(`${server.origin}/1001`, { maxBytes: 1000 })))).toBe('Lost size')
    const chunked = await using(serve((_, response) => void response.write('a'.repeat(1001))))
    expect(told(await send(post(chunked.origin, { maxBytes: 1000 })))).toBe('Lost size')
  })

  test.each(wrongClocks)('deadlines are by the clock that is given: a %s one', async (_, clock) => {
    const live = open({ clock })
    expect(live.clock).toBe(clock)
    const inTime = await using(serve((_, response) => response.end()))
    const mute = await using(serve(() => {}))
    const within = (ms: number) => ({ deadline: plus(clock.now(), millis(ms)) })
    expect(told(await live.http.send(post(inTime.origin, within(20_000)))())).toBe('200')
    expect(told(await live.http.send(post(inTime.origin, within(-1)))())).toBe('NotSent deadline')
    expect(told(await live.http.send(post(mute.origin, within(100)))())).toBe('Lost deadline')
    await live.close()
  })

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
