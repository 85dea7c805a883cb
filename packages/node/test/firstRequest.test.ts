/** Connections begin with the first request: whoever finds a token in the store does not load undici. */
import * as E from 'fp-ts/lib/Either.js'
import { nodeEnv, proxiedFetch } from '../src/index.js'
import { inMs, post, told } from './support/requests.js'
import { type Served, serve, serveRaw } from './support/servers.js'

let loads: number
let failure: Error | undefined
let requests: number
let server: Served

beforeEach(async () => {
  jest.resetModules()
  loads = 0
  failure = undefined
  requests = 0
  jest.doMock('undici', () => {
    loads++
    if (failure !== undefined) throw failure
    return jest.requireActual('undici')
  })
  server = await serve((_, response) => {
    requests++
    response.end()
  })
})
afterEach(() => server.close())

test('undici is loaded once, for the first request', async () => {
  const env = nodeEnv()
  expect(loads).toBe(0)
  const send = () => env.http.send(post(server.origin))()
  expect((await Promise.all([send(), send()])).map(told)).toEqual(['200', '200'])
  expect(told(await send())).toBe('200')
  expect([loads, server.connections()]).toEqual([1, 2])
  await env.close()
})

test('when that fails, nothing was sent, and the next request tries again', async () => {
  const env = nodeEnv()
  failure = Object.assign(new Error('too many open files, c4n4ry'), { code: 'EMFILE' })
  expect(await env.http.send(post(server.origin))()).toEqual(
    E.left({ _tag: 'NotSent', cause: 'connection', reason: 'EMFILE' }),
  )
  expect(requests).toBe(0)
  failure = undefined
  expect(told(await env.http.send(post(server.origin))())).toBe('200')
  await env.close()
})

test('so does a fetch by a proxy', async () => {
  const send = proxiedFetch({ proxy: 'http://127.0.0.1:1' })
  failure = Object.assign(new Error('too many open files'), { code: 'EMFILE' })
  await expect(send(server.origin)).rejects.toBe(failure)
  expect(requests).toBe(0)
  failure = undefined
  expect((await send(server.origin)).status).toBe(200)
})

test('a request whose time is over while undici is loaded is NotSent at its deadline, or at its abort', async () => {
  // biome-ignore lint/suspicious/noThenProperty: an `import` waits for a thenable, so this module never comes.
  jest.doMock('../src/internal/dispatcher.js', () => ({ __esModule: true, then: () => undefined }))
  const env = nodeEnv()
  const abort = new AbortController()
  const aborted = env.http.send(post(server.origin, { signal: abort.signal }))()
  abort.abort()
  expect(told(await aborted)).toBe('NotSent abort')
  expect(told(await env.http.send(post(server.origin, { deadline: inMs(20) }))())).toBe('NotSent deadline')
  expect(requests).toBe(0)
  jest.dontMock('../src/internal/dispatcher.js')
})

test('one that was closed before sends nothing, and loads nothing', async () => {
  const env = nodeEnv()
  await env.close()
  expect(told(await env.http.send(post(server.origin))())).toBe('NotSent connection')
  expect([requests, loads]).toEqual([0, 0])
})

test('a close lets the request under way end, also one that waits for undici, and then its connection', async () => {
  let ended: Promise<void> | undefined
  const raw = await serveRaw((socket) => {
    ended = new Promise((resolve) => socket.once('close', () => resolve()))
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
  })
  const env = nodeEnv()
  const sent = env.http.send(post(raw.origin))()
  await env.close()
  expect(told(await sent)).toBe('200')
  await ended
  expect(told(await env.http.send(post(raw.origin))())).toBe('NotSent connection')
  await raw.close()
})

test('a proxy that is none is told at once', () => {
  expect(() => nodeEnv({ proxy: 'no URL' })).toThrow('proxy')
  expect(loads).toBe(0)
})
