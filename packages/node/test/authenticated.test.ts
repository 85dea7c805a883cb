import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { inspect } from 'node:util'
import { AuthError } from '@tessera/core'
import { Agent, Dispatcher, interceptors, FormData as UndiciFormData } from 'undici'
import { authenticated, authenticatedFetch } from '../src/index.js'
import { bodyOf, echoes, type Served, serve, serveRaw } from './support/servers.js'
import { type Scripted, scripted } from './support/tokens.js'

const closing: Array<() => Promise<void>> = []
afterEach(() => Promise.all(closing.splice(0).map((close) => close())))

interface Api extends Served {
  /** `METHOD path authorization body`, a line for each request. */
  readonly seen: ReadonlyArray<string>
}

/** Answers 401 to all but the given tokens. */
const api = async (accepted: ReadonlyArray<string>, refusal = 'no'): Promise<Api> => {
  const seen: string[] = []
  const served = await serve(async (request, response) => {
    const { authorization = '-' } = request.headers
    seen.push(`${request.method} ${request.url} ${authorization} ${await bodyOf(request)}`.trim())
    const known = accepted.includes(authorization.replace('Bearer ', ''))
    response.writeHead(known ? 200 : 401, { 'x-a': 'b' }).end(known ? 'yes' : refusal)
  })
  closing.push(served.close)
  return { ...served, seen }
}

/** A server that redirects `/STATUS` to the target. */
const redirecting = async (target: () => string): Promise<Api> => {
  const seen: string[] = []
  const served = await serve(async (request, response) => {
    seen.push(
      `${request.method} ${request.url} ${request.headers.authorization ?? '-'} ${await bodyOf(request)}`.trim(),
    )
    const status = Number(/^\/(\d+)$/.exec(request.url ?? '')?.[1] ?? 200)
    response.writeHead(status, status === 200 ? {} : { location: target() }).end()
  })
  closing.push(served.close)
  return { ...served, seen }
}

interface Answer {
  readonly status: number
  readonly text: string
}
type Body = string | Uint8Array<ArrayBuffer> | URLSearchParams | undefined

/** The same calls through both doors. */
const doors: ReadonlyArray<
  readonly [
    string,
    (
      tokens: Scripted,
      origins: ReadonlyArray<string>,
    ) => (url: string, body?: Body, signal?: AbortSignal) => Promise<Answer>,
  ]
> = [
  [
    'fetch',
    (tokens, origins) => {
      const fetch = authenticatedFetch({ tokens, origins })
      return async (url, body, signal) => {
        const response = await fetch(url, {
          ...(body !== undefined && { method: 'POST', body }),
          ...(signal !== undefined && { signal }),
        })
        return { status: response.status, text: await response.text() }
      }
    },
  ],
  [
    'undici',
    (tokens, origins) => {
      const agent = new Agent()
      closing.push(() => agent.close())
      const dispatcher = agent.compose(authenticated({ tokens, origins }))
      return async (url, body, signal) => {
        const { origin, pathname } = new URL(url)
        const response = await dispatcher.request({
          origin,
          path: pathname,
          method: body === undefined ? 'GET' : 'POST',
          ...(body !== undefined && { body: body instanceof URLSearchParams ? body.toString() : body }),
          ...(signal !== undefined && { signal }),
        })
        return { status: response.statusCode, text: await response.body.text() }
      }
    },
  ],
]

describe.each(doors)('S-OAUTH2-12 through %s', (_, open) => {
  test('a token is asked for before the call', async () => {
    const server = await api(['t1'])
    const tokens = scripted()
    expect(await open(tokens, [server.origin])(`${server.origin}/a`)).toEqual({ status: 200, text: 'yes' })
    expect(server.seen).toEqual(['GET /a Bearer t1'])
    expect(tokens.asked).toEqual(['get'])
  })

  test.each([
    ['no body', undefined, ''],
    ['text', 'a=b', ' a=b'],
    ['bytes', new TextEncoder().encode('a=b'), ' a=b'],
    ['parameters', new URLSearchParams({ a: 'b' }), ' a=b'],
  ])('401: one renewal, one resend (%s)', async (_, body, sent) => {
    const server = await api(['t2'])
    const tokens = scripted()
    expect(await open(tokens, [server.origin])(`${server.origin}/a`, body)).toEqual({ status: 200, text: 'yes' })
    const method = body === undefined ? 'GET' : 'POST'
    expect(server.seen).toEqual([`${method} /a Bearer t1${sent}`, `${method} /a Bearer t2${sent}`])
    expect(tokens.asked).toEqual(['get', 'refuse t1', 'get'])
  })

  test('the second 401 is the caller’s', async () => {
    const server = await api([])
    const tokens = scripted()
    expect(await open(tokens, [server.origin])(`${server.origin}/a`)).toEqual({ status: 401, text: 'no' })
    expect(server.seen).toHaveLength(2)
    expect(tokens.asked).toEqual(['get', 'refuse t1', 'get'])
  })

  test('a source that stands by its token: the first 401 is the caller’s', async () => {
    const server = await api([], 'x'.repeat(10_000))
    const tokens = scripted({ stubborn: true })
    const answer = await open(tokens, [server.origin])(`${server.origin}/a`)
    expect(answer).toEqual({ status: 401, text: 'x'.repeat(10_000) })
    expect(server.seen).toHaveLength(1)
  })

  test('no token: the typed error, and no request', async () => {
    const server = await api([])
    const error = AuthError.reauthenticationRequired('revoked')
    const call = open(scripted({ get: () => error }), [server.origin])(`${server.origin}/a`)
    await expect(call).rejects.toMatchObject({ name: 'AuthError', error })
    expect(server.connections()).toBe(0)
  })

  test('[A10] the source is told of a token that an API accepts, and of no other', async () => {
    const served = await serve(async (request, response) => {
      const status = Number(request.url?.slice(1))
      response.writeHead(status === 401 && request.headers.authorization === 'Bearer t2' ? 200 : status).end()
    })
    closing.push(served.close)
    const tokens = scripted()
    const call = open(tokens, [served.origin])
    for (const status of [400, 403, 404, 429, 500, 503]) await call(`${served.origin}/${status}`)
    expect(tokens.accepted).toEqual([])
    await call(`${served.origin}/204`)
    expect(tokens.accepted).toEqual(['t1'])
    expect((await call(`${served.origin}/401`)).status).toBe(200)
    expect(tokens.accepted).toEqual(['t1', 't2'])
  })

  test('[A10] a redirect, or an early hint, is made before anybody looks at the token', async () => {
    const served = await serve(async (request, response) => {
      if (request.url === '/moved') {
        response.writeHead(308, { location: '/moved/' }).end()
        return
      }
      response.writeEarlyHints({ link: '</a>; rel=preload' })
      response.writeHead(404).end()
    })
    closing.push(served.close)
    const tokens = scripted()
    const call = open(tokens, [served.origin])
    await call(`${served.origin}/moved`)
    await call(`${served.origin}/hinted`)
    expect(tokens.accepted).toEqual([])
  })

  test('no token after a 401: the typed error', async () => {
    const server = await api([])
    const tokens = scripted({ get: (time) => (time === 1 ? AuthError.closed : undefined) })
    const call = open(tokens, [server.origin])(`${server.origin}/a`)
    await expect(call).rejects.toMatchObject({ name: 'AuthError', error: AuthError.closed })
  })

  test('another origin, though only its port differs, gets the request and no token', async () => {
    const server = await api(['t1'])
    const other = await api(['-'])
    const tokens = scripted()
    expect(await open(tokens, [server.origin])(`${other.origin}/a`, 'x')).toEqual({ status: 200, text: 'yes' })
    expect(other.seen).toEqual(['POST /a - x'])
    expect(tokens.asked).toEqual([])
  })

  test('a token that is no header value is Malformed and not shown', async () => {
    const server = await api([])
    const call = open(scripted({ get: () => 'c4n4ry\n' }), [server.origin])(`${server.origin}/a`)
    const error = await call.catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ error: { _tag: 'Malformed' } })
    expect(inspect(error, { depth: 9 })).not.toContain('c4n4ry')
  })

  test('aborted while the token is waited for: no request', async () => {
    const server = await api(['t1'])
    const abort = new AbortController()
    let go = () => {}
    const gate = new Promise<void>((resolve) => {
      go = resolve
    })
    const call = open(scripted({ wait: () => gate }), [server.origin])(`${server.origin}/a`, undefined, abort.signal)
    const reason = new Error('enough')
    abort.abort(reason)
    go()
    await expect(call).rejects.toBe(reason)
    expect(server.connections()).toBe(0)
  })

  test('aborted between the 401 and the resend: no second request', async () => {
    const server = await api(['t2'])
    const abort = new AbortController()
    const reason = new Error('enough')
    const tokens = scripted({
      get: (time) => {
        if (time === 1) abort.abort(reason)
        return undefined
      },
    })
    const call = open(tokens, [server.origin])(`${server.origin}/a`, undefined, abort.signal)
    await expect(call).rejects.toBe(reason)
    expect(server.seen).toHaveLength(1)
  })

  test.each(['http://api.example', 'ftp://127.0.0.1', 'http://localhost.example', 'nonsense'])(
    '%s is no origin',
    (origin) => {
      expect(() => open(scripted(), [origin])).toThrow(/origins/)
    },
  )

  test.each(echoes)('a token echoed in %s is not shown', async (_, answer) => {
    const server = await serveRaw(answer)
    closing.push(server.close)
    const tokens = scripted({ get: () => 'c4n4ry' })
    const error = await open(tokens, [server.origin])(server.origin).catch((thrown: unknown) => thrown)
    const shown = inspect(error, { depth: 9, showHidden: true })
    expect(shown).toMatch(/HTTPParserError: Response does not match/)
    expect(shown).not.toContain('c4n4ry')
  })

  test('100 calls at once each come through', async () => {
    const server = await api(['t2'])
    const call = open(scripted(), [server.origin])
    const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => call(`${server.origin}/${n}`)))
    expect(answers.every(({ status }) => status === 200)).toBe(true)
  })
})

describe('fetch', () => {
  const streamed = (text: string): RequestInit & { readonly duplex: 'half' } => ({
    method: 'POST',
    body: new Response(text).body,
    duplex: 'half',
  })

  test('a response is what it was: its facts, its clone, its body in pieces, and its end when nobody wants it', async () => {
    let closed = () => {}
    const gone = new Promise<void>((resolve) => {
      closed = resolve
    })
    const server = await serveRaw((socket, request) => {
      socket.on('close', closed)
      const size = request.startsWith('GET /endless') ? 1e9 : 10
      socket.write(`HTTP/1.1 999 Ünknown\r\ncontent-type: text/html\r\ncontent-length: ${size}\r\n\r\n0123456789`)
    })
    closing.push(server.close)
    const fetch = authenticatedFetch({ tokens: scripted(), origins: [server.origin] })
    const plain = await globalThis.fetch(`${server.origin}/a`)
    const response = await fetch(`${server.origin}/a`)
    const facts = ({ ok, redirected, status, statusText, type, url }: Response) =>
      [ok, redirected, status, statusText, type, url] as const
    expect(facts(response)).toEqual(facts(plain))
    const clone = response.clone()
    expect(facts(clone)).toEqual(facts(plain))
    expect((await clone.blob()).type).toBe('text/html')
    expect(await response.text()).toBe('0123456789')
    let text = ''
    const reader = (await fetch(`${server.origin}/b`)).body?.getReader({ mode: 'byob' })
    for (let done = false; reader !== undefined && !done; ) {
      const piece = await reader.read(new Uint8Array(4))
      text += Buffer.from(piece.value ?? []).toString()
      done = piece.done
    }
    expect(text).toBe('0123456789')
    await (await fetch(`${server.origin}/endless`)).body?.cancel()
    await gone
  })

  test('a Request goes out as by the platform’s fetch, but for the token; where a redirect leads, too', async () => {
    const seen: unknown[] = []
    const server = await serve(async (request, response) => {
      const { authorization: _, connection: __, ...headers } = request.headers
      seen.push([request.method, request.url, headers, await bodyOf(request)])
      response.writeHead(request.url === '/302' ? 302 : 200, { location: '/there' }).end('body')
    })
    closing.push(server.close)
    const fetch = authenticatedFetch({ tokens: scripted(), origins: [server.origin] })
    const referrer = `${server.origin}/from`
    const requests: ReadonlyArray<() => Request> = [
      () => new Request(`${server.origin}/a`),
      () => new Request(`${server.origin}/b`, { method: 'PUT', body: 'text', cache: 'no-store', keepalive: true }),
      () => new Request(`${server.origin}/c`, { referrer, referrerPolicy: 'unsafe-url', headers: { 'x-a': 'b' } }),
      () => new Request(`${server.origin}/302`, { referrer, referrerPolicy: 'unsafe-url', cache: 'no-cache' }),
      () => new Request(`${server.origin}/302`, { method: 'POST', body: 'text' }),
    ]
    for (const request of requests) {
      await (await globalThis.fetch(request())).text()
      const plain = seen.splice(0)
      await (await fetch(request())).text()
      expect(seen.splice(0)).toEqual(plain)
    }
  })

  test('the integrity and the dispatcher of a Request hold', async () => {
    const server = await api(['t1'])
    const fetch = authenticatedFetch({ tokens: scripted(), origins: [server.origin] })
    const integrity = (text: string) => `sha256-${createHash('sha256').update(text).digest('base64')}`
    expect((await fetch(new Request(server.origin, { integrity: integrity('yes') }))).status).toBe(200)
    await expect(fetch(new Request(server.origin, { integrity: integrity('other') }))).rejects.toThrow('fetch failed')
    class Mine extends Dispatcher {
      override dispatch(): never {
        throw new Error('mine')
      }
    }
    const init: object = { dispatcher: new Mine() }
    await expect(fetch(new Request(server.origin, init))).rejects.toMatchObject({ cause: { message: 'mine' } })
  })

  test('a Request without a body is sent again, and one whose body is given beside it', async () => {
    const server = await api(['t2'])
    const fetch = () => authenticatedFetch({ tokens: scripted(), origins: [server.origin] })
    expect((await fetch()(new Request(`${server.origin}/a`))).status).toBe(200)
    const request = new Request(`${server.origin}/b`, { method: 'POST', body: 'own' })
    expect((await fetch()(request, { body: 'given' })).status).toBe(200)
    expect(server.seen).toEqual([
      'GET /a Bearer t1',
      'GET /a Bearer t2',
      'POST /b Bearer t1 given',
      'POST /b Bearer t2 given',
    ])
  })

  test('a stream is not sent again, but its token is refused', async () => {
    const server = await api(['t2'])
    const tokens = scripted()
    const fetch = authenticatedFetch({ tokens, origins: [server.origin] })
    const first = await fetch(`${server.origin}/a`, streamed('a=b'))
    expect(first.status).toBe(401)
    expect((await fetch(new Request(`${server.origin}/b`, { method: 'POST', body: 'x' }))).status).toBe(200)
    expect(server.seen).toEqual(['POST /a Bearer t1 a=b', 'POST /b Bearer t2 x'])
    expect(tokens.asked).toEqual(['get', 'refuse t1', 'get'])
  })

  test('a blob and a form are sent again', async () => {
    const server = await api(['t2'])
    const blob = new Blob(['a value'])
    const asBlob = authenticatedFetch({ tokens: scripted(), origins: [server.origin] })
    expect((await asBlob(`${server.origin}/a`, { method: 'POST', body: blob })).status).toBe(200)
    const form = new FormData()
    form.set('name', 'value')
    const fetch = authenticatedFetch({ tokens: scripted(), origins: [server.origin] })
    expect((await fetch(`${server.origin}/a`, { method: 'POST', body: form })).status).toBe(200)
    expect(server.seen.every((line) => line.includes('value'))).toBe(true)
  })

  test('an authorization of the caller’s own is respected', async () => {
    const server = await api(['mine'])
    const tokens = scripted()
    const fetch = authenticatedFetch({ tokens, origins: [server.origin] })
    expect((await fetch(server.origin, { headers: { Authorization: 'Bearer mine' } })).status).toBe(200)
    const request = new Request(server.origin, { headers: { Authorization: 'Bearer other' } })
    expect((await fetch(request)).status).toBe(401)
    expect(tokens.asked).toEqual([])
  })

  test.each([301, 302, 303, 307, 308])('%d to another origin: followed without the token', async (status) => {
    const got: unknown[] = []
    const other = await serve(async (request, response) => {
      const { authorization, cookie, 'content-type': type, 'x-kept': kept } = request.headers
      got.push([request.method, request.url, authorization, cookie, type, kept, await bodyOf(request)])
      response.end()
    })
    closing.push(other.close)
    const server = await redirecting(() => `${other.origin}/there`)
    const fetch = authenticatedFetch({ tokens: scripted(), origins: [server.origin] })
    const headers = { cookie: 'c4n4ry', 'content-type': 'text/plain', 'x-kept': 'yes' }
    const response = await fetch(`${server.origin}/${status}`, { method: 'POST', body: 'x', headers })
    expect(response.status).toBe(200)
    expect(server.seen).toEqual([`POST /${status} Bearer t1 x`])
    expect(got).toEqual([
      status < 304
        ? ['GET', '/there', undefined, undefined, undefined, 'yes', '']
        : ['POST', '/there', undefined, undefined, 'text/plain', 'yes', 'x'],
    ])
  })

  test('to a listed origin: with the token; a chain that has left them stays without', async () => {
    const last = await api(['t1'])
    const direct = await redirecting(() => `${last.origin}/direct`)
    const outside = await redirecting(() => `${last.origin}/outside`)
    const leaving = await redirecting(() => `${outside.origin}/302`)
    const fetch = authenticatedFetch({
      tokens: scripted(),
      origins: [direct.origin, leaving.origin, last.origin],
    })
    expect((await fetch(`${direct.origin}/307`)).status).toBe(200)
    expect((await fetch(`${leaving.origin}/307`)).status).toBe(401)
    expect(outside.seen).toEqual(['GET /302 -'])
    expect(last.seen).toEqual(['GET /direct Bearer t1', 'GET /outside -'])
  })

  test('a loop ends, a redirect out of http and a body that is gone are errors, manual is respected', async () => {
    const loop = await redirecting(() => '/302')
    const fetch = authenticatedFetch({ tokens: scripted(), origins: [loop.origin] })
    await expect(fetch(`${loop.origin}/302`)).rejects.toThrow('more than 5 redirects')
    expect(loop.seen).toHaveLength(6)
    expect((await fetch(`${loop.origin}/302`, { redirect: 'manual' })).status).toBe(302)
    await expect(fetch(`${loop.origin}/302`, { redirect: 'error' })).rejects.toThrow()
    await expect(fetch(`${loop.origin}/307`, streamed('x'))).rejects.toThrow(TypeError)
    const away = await redirecting(() => 'file:///etc/passwd')
    const there = authenticatedFetch({ tokens: scripted(), origins: [away.origin] })
    await expect(there(`${away.origin}/302`)).rejects.toThrow(TypeError)
  })
})

describe('undici', () => {
  const compose = (tokens: Scripted, origin: string) => {
    const agent = new Agent()
    closing.push(() => agent.close())
    return agent.compose(authenticated({ tokens, origins: [origin] }))
  }

  test('every shape of headers keeps its values', async () => {
    const headers: unknown[] = []
    const server = await serve((request, response) => {
      const { 'x-one': one, 'x-two': two, authorization } = request.headers
      headers.push([one, two, authorization])
      response.end()
    })
    closing.push(server.close)
    const dispatcher = compose(scripted(), server.origin)
    const shapes = [
      { 'x-one': '1', 'x-two': ['a', 'b'] },
      ['x-one', '1', 'x-two', 'a', 'x-two', 'b'],
      new Map<string, string | string[]>([
        ['x-one', '1'],
        ['x-two', ['a', 'b']],
      ]),
    ]
    for (const shape of shapes) {
      await (
        await dispatcher.request({ origin: new URL(server.origin), path: '/', method: 'GET', headers: shape })
      ).body.dump()
    }
    expect(headers).toEqual(shapes.map(() => ['1', 'a, b', 'Bearer t1']))
  })

  test('a stream is not sent again, but its token is refused; an own authorization is respected', async () => {
    const server = await api(['t2', 'mine'])
    const tokens = scripted()
    const dispatcher = compose(tokens, server.origin)
    const to = { origin: server.origin, path: '/', method: 'POST' } as const
    const first = await dispatcher.request({ ...to, body: Readable.from(['x']) })
    expect([first.statusCode, await first.body.text()]).toEqual([401, 'no'])
    expect(tokens.asked).toEqual(['get', 'refuse t1'])
    const own = await dispatcher.request({ ...to, headers: { AUTHORIZATION: 'Bearer mine' } })
    expect([own.statusCode, await own.body.text()]).toEqual([200, 'yes'])
    expect(tokens.asked).toEqual(['get', 'refuse t1'])
    const form = new UndiciFormData()
    form.set('name', 'value')
    const formed = await dispatcher.request({ ...to, body: form })
    expect([formed.statusCode, await formed.body.text()]).toEqual([200, 'yes'])
  })

  test('a 401 of more than 64 KiB is the caller’s, whole', async () => {
    const server = await api(['t2'], 'x'.repeat(500_000))
    const tokens = scripted()
    const answer = await compose(tokens, server.origin).request({ origin: server.origin, path: '/', method: 'GET' })
    expect([answer.statusCode, (await answer.body.text()).length]).toEqual([401, 500_000])
    expect(tokens.asked).toEqual(['get', 'refuse t1'])
  })

  test('aborted while a source that knows no signals is waited for: nothing is dispatched', async () => {
    const server = await api(['t1'])
    const agent = new Agent()
    closing.push(() => agent.close())
    let dispatched = 0
    const tokens = scripted({ deaf: true, wait: () => new Promise(setImmediate) })
    const dispatcher = agent.compose(
      (dispatch) => (options, handler) => {
        dispatched++
        return dispatch(options, handler)
      },
      authenticated({ tokens, origins: [server.origin] }),
    )
    const abort = new AbortController()
    const to = { origin: server.origin, path: '/', method: 'GET' } as const
    const call = dispatcher.request({ ...to, signal: abort.signal })
    const reason = new Error('enough')
    abort.abort(reason)
    await expect(call).rejects.toBe(reason)
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
    expect(dispatched).toBe(0)
    await (await dispatcher.request(to)).body.dump()
    expect(dispatched).toBe(1)
  })

  test('aborted in the queue of a busy pool: one error', async () => {
    const held: Array<() => void> = []
    const server = await serve((_, response) => void held.push(() => response.end()))
    closing.push(server.close)
    const agent = new Agent({ connections: 1 })
    closing.push(() => agent.close())
    const dispatcher = agent.compose(authenticated({ tokens: scripted(), origins: [server.origin] }))
    const to = { origin: server.origin, path: '/', method: 'GET' } as const
    const first = dispatcher.request(to)
    while (held.length === 0) await new Promise(setImmediate)
    const errors: Error[] = []
    let abort = (_: Error) => {}
    dispatcher.dispatch(to, {
      onRequestStart: (controller) => {
        abort = (reason) => controller.abort(reason)
      },
      onResponseError: (_, error) => void errors.push(error),
    })
    // Until the token has come and the request is in the queue.
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
    const reason = new Error('enough')
    abort(reason)
    held[0]?.()
    await (await first).body.dump()
    const last = dispatcher.request(to)
    while (held.length === 1) await new Promise(setImmediate)
    held[1]?.()
    await (await last).body.dump()
    expect(errors).toEqual([reason])
  })

  test('a redirect interceptor outside or inside: no token at the other origin', async () => {
    const other = await api(['-'])
    const server = await redirecting(() => `${other.origin}/there`)
    const own = authenticated({ tokens: scripted(), origins: [server.origin] })
    const redirect = interceptors.redirect({ maxRedirections: 3 })
    for (const order of [
      [own, redirect],
      [redirect, own],
    ]) {
      const agent = new Agent()
      closing.push(() => agent.close())
      const to = { origin: server.origin, path: '/302', method: 'GET' } as const
      expect((await agent.compose(order).request(to)).statusCode).toBe(200)
    }
    expect(server.seen).toEqual(['GET /302 Bearer t1', 'GET /302 Bearer t1'])
    expect(other.seen).toEqual(['GET /there -', 'GET /there -'])
  })

  test('a long answer is paused and resumed as without it', async () => {
    const body = Buffer.alloc(5 << 20, 'abc').toString()
    const server = await serve((_, response) => response.end(body))
    closing.push(server.close)
    const dispatcher = compose(scripted(), server.origin)
    const answer = await dispatcher.request({ origin: server.origin, path: '/', method: 'GET' })
    await new Promise(setImmediate)
    expect((await answer.body.text()) === body).toBe(true)
  })
})
