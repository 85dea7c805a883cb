/** The bound on connections to one origin, over either transport: who waits for one, and what comes of it. */
import { AuthError } from '@tessera/core'
import type { HttpRequest } from '@tessera/oauth2'
import fc from 'fast-check'
import { nodeEnv } from '../src/index.js'
import { slimEnv } from '../src/slim.js'
import { inMs, post, told } from './support/requests.js'
import { authorities, closedPort, type Served, serve, serveProxy, serveRaw, serveTls } from './support/servers.js'

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'
const DEFAULT = 128

const closing: Array<() => Promise<void>> = []
afterAll(() => Promise.all(closing.map((close) => close())))
const using = async <S extends Served>(server: Promise<S>): Promise<S> => {
  const served = await server
  closing.push(served.close)
  return served
}

describe.each([
  ['undici', (options: { readonly connections?: number }) => nodeEnv(options)],
  [
    'node:http',
    (options: { readonly connections?: number }) => ({ ...slimEnv(options), close: () => Promise.resolve() }),
  ],
])('[A15] by %s', (_transport, open) => {
  const opened = (options: { readonly connections?: number }) => {
    const env = open(options)
    closing.push(env.close)
    return (request: HttpRequest) => env.http.send(request)()
  }

  test.each([
    ['128, where nothing is said', {}, DEFAULT],
    ['as many as are said', { connections: 3 }, 3],
    ['as many as there are requests, where there is no bound', { connections: Number.POSITIVE_INFINITY }, 150],
  ])('150 requests at once: %s, and all are answered', async (_, options, bound) => {
    const waiting: Array<() => void> = []
    let held = true
    const server = await using(
      serveRaw((socket) => {
        // Nobody is answered before so many wait at once.
        if (held && waiting.push(() => socket.write(OK)) < bound) return
        if (!held) return void socket.write(OK)
        held = false
        for (const answer of waiting) answer()
      }),
    )
    const send = opened(options)
    const results = await Promise.all(Array.from({ length: 150 }, () => send(post(server.origin))))
    expect(new Set(results.map(told))).toEqual(new Set(['200']))
    expect(server.connections()).toBe(bound)
  })

  test('property: what waits past its deadline, or is aborted, is NotSent and never sent; its connection stays', async () => {
    let paths: string[] = []
    let answer = () => {}
    const server = await using(
      serveRaw((socket, request) => {
        const path = request.split(' ', 2)[1] ?? ''
        paths.push(path)
        if (path === '/first') answer = () => socket.write(OK)
        else socket.write(OK)
      }),
    )
    const send = opened({ connections: 1 })
    const fates = fc.array(fc.constantFrom('sent', 'late', 'aborted'), { minLength: 1, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(fates, async (all) => {
        paths = []
        const first = send(post(`${server.origin}/first`))
        const abort = new AbortController()
        const results = all.map((fate, i) =>
          send(
            post(`${server.origin}/${i}`, {
              ...(fate === 'late' && { deadline: inMs(10) }),
              ...(fate === 'aborted' && { signal: abort.signal }),
            }),
          ),
        )
        await Promise.all(results.filter((_, i) => all[i] === 'late'))
        abort.abort()
        await Promise.all(results.filter((_, i) => all[i] === 'aborted'))
        // The first one may yet be on its way, but nothing overtakes it.
        while (!paths.includes('/first')) await new Promise(setImmediate)
        answer()
        expect(told(await first)).toBe('200')
        const named = { sent: '200', late: 'NotSent deadline', aborted: 'NotSent abort' }
        expect((await Promise.all(results)).map(told)).toEqual(all.map((fate) => named[fate]))
        expect(told(await send(post(`${server.origin}/last`)))).toBe('200')
        expect(paths).toEqual(['/first', ...all.flatMap((fate, i) => (fate === 'sent' ? [`/${i}`] : [])), '/last'])
      }),
      { numRuns: 30 },
    )
    expect(server.connections()).toBe(1)
  })

  test('what waited, was sent, and got no answer is Lost', async () => {
    let answer = () => {}
    let requests = 0
    const server = await using(
      serveRaw((socket) => {
        if (++requests === 1) answer = () => socket.write(OK)
        else socket.resetAndDestroy()
      }),
    )
    const send = opened({ connections: 1 })
    const first = send(post(server.origin))
    const second = send(post(server.origin))
    while (requests === 0) await new Promise(setImmediate)
    answer()
    expect(told(await first)).toBe('200')
    expect(told(await second)).toBe('Lost connection')
    expect(requests).toBe(2)
  })

  test('nobody listens: all are NotSent, and later ones go through', async () => {
    const port = await closedPort()
    const send = opened({ connections: 2 })
    const results = await Promise.all(Array.from({ length: 20 }, () => send(post(`http://127.0.0.1:${port}`))))
    expect(new Set(results.map(told))).toEqual(new Set(['NotSent connection']))
    const server = await using(serve((_, response) => response.end()))
    const later = await Promise.all(Array.from({ length: 20 }, () => send(post(server.origin))))
    expect(new Set(later.map(told))).toEqual(new Set(['200']))
    expect(server.connections()).toBe(2)
  })

  test.each([0, -1, 1.5, Number.NaN])('%p is no number of connections', (connections) => {
    expect(() => open({ connections })).toThrow(
      AuthError.toError(AuthError.misconfigured('connections', 'is no whole number from 1, nor Infinity')),
    )
  })
})

test('[A15] through a proxy, as many tunnels at most', async () => {
  const [secure, proxy] = [
    await using(serveTls(authorities.loopback, (_, response) => response.end())),
    await using(serveProxy()),
  ]
  const env = nodeEnv({ connections: 2, proxy: proxy.origin, tls: { ca: authorities.loopback.ca } })
  closing.push(env.close)
  const results = await Promise.all(Array.from({ length: 20 }, () => env.http.send(post(secure.origin))()))
  expect(new Set(results.map(told))).toEqual(new Set(['200']))
  expect([secure.connections(), proxy.connects.length]).toEqual([2, 2])
})
