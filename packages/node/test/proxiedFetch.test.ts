import { createHash } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Server } from 'node:net'
import type { Duplex } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { FormData as UndiciFormData } from 'undici'
import { authenticatedFetch } from '../src/index.js'
import { proxiedFetch } from '../src/proxiedFetch.js'
import { scripted } from './support/tokens.js'

const listening = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const isPlace = (value: typeof address): value is AddressInfo => typeof value === 'object'
  return isPlace(address) ? address.port : 0
}

const closed = (server: ReturnType<typeof createServer>): Promise<unknown> => {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(resolve))
}

const URL_OF_API = 'http://api.invalid:8080/me'

describe('proxiedFetch', () => {
  it('goes by the proxy, with an address and with a Request', async () => {
    const api = createServer(async (request, response) => {
      response.end(`${request.method} ${request.headers['x-key']} ${await text(request)}`)
    })
    const apiPort = await listening(api)
    const asked: string[] = []
    const tunnels: Duplex[] = []
    const proxy = createServer().on('connect', ({ url = '' }, socket) => {
      asked.push(url)
      tunnels.push(socket)
      const through = connect(apiPort, '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
      through.on('error', () => socket.destroy()).pipe(socket)
      socket.on('error', () => through.destroy()).pipe(through)
    })
    try {
      const fetch = proxiedFetch({ proxy: `http://127.0.0.1:${await listening(proxy)}` })
      const init = { method: 'PUT', headers: { 'x-key': 'k' }, body: 'a body' }
      const answers = [await fetch(URL_OF_API, init), await fetch(new Request(URL_OF_API, init))]
      for (const answer of answers) expect(await answer.text()).toBe('PUT k a body')
      expect(new Set(asked)).toEqual(new Set(['api.invalid:8080']))
    } finally {
      for (const tunnel of tunnels) tunnel.destroy()
      await closed(proxy)
      await closed(api)
    }
  })

  it('sends a form as it is, one of undici too, and again with another token', async () => {
    const seen: Array<{ readonly type: string; readonly hasLength: boolean; readonly body: Buffer }> = []
    const api = createServer(async (request, response) => {
      const { authorization, 'content-type': type = '', 'content-length': length } = request.headers
      const body = await buffer(request)
      if (authorization === 'Bearer t1') {
        response.writeHead(401).end()
        return
      }
      seen.push({ type, hasLength: Number(length) === body.length, body })
      response.end()
    })
    const url = `http://127.0.0.1:${await listening(api)}`
    try {
      const past = proxiedFetch({ proxy: 'http://127.0.0.1:1' })
      const carrying: typeof fetch = (...given) =>
        authenticatedFetch({ tokens: scripted(), origins: [url], fetch: past })(...given)
      const filled = <F extends FormData | UndiciFormData>(form: F): F => {
        form.append('attributes', '{"name":"ü"}')
        form.append('file', new Blob(['a', '\0b'], { type: 'text/x-notes' }), 'nötes.txt')
        form.append('file', new File(['c'], 'c.bin'))
        return form
      }
      const sent = [
        ['attributes', '{"name":"ü"}'],
        ['file', 'nötes.txt', 'text/x-notes', 'a\0b'],
        ['file', 'c.bin', 'application/octet-stream', 'c'],
      ]
      const body = filled(new FormData())
      await past(url, { method: 'POST', body })
      await past(new Request(url, { method: 'POST' }), { body })
      await carrying(url, { method: 'POST', body })
      await carrying(new Request(url, { method: 'POST' }), { body })
      const own: object = { body: filled(new UndiciFormData()) }
      await past(url, { method: 'POST', ...own })
      // The body of a Request is a stream, whose length nobody knows.
      await past(new Request(url, { method: 'POST', body }))
      expect(seen.map(({ hasLength }) => hasLength)).toEqual([true, true, true, true, true, false])
      for (const { type, body: bytes } of seen) {
        const form = await new Response(new Uint8Array(bytes), { headers: { 'content-type': type } }).formData()
        const parts = Array.from(form, async ([name, value]) =>
          typeof value === 'string' ? [name, value] : [name, value.name, value.type, await value.text()],
        )
        expect(await Promise.all(parts)).toEqual(sent)
      }
    } finally {
      await closed(api)
    }
  })

  it('gives up where the proxy hangs up', async () => {
    const proxy = createServer().on('connect', (_, socket) => socket.destroy())
    try {
      const fetch = proxiedFetch({ proxy: `http://127.0.0.1:${await listening(proxy)}` })
      await expect(fetch(URL_OF_API)).rejects.toThrow('fetch failed')
    } finally {
      await closed(proxy)
    }
  })

  it('waits for an answer for longer than for a connection', async () => {
    let arrived = (_: ServerResponse): void => undefined
    const asked = new Promise<ServerResponse>((resolve) => {
      arrived = resolve
    })
    const api = createServer((_, response) => arrived(response))
    const apiPort = await listening(api)
    // Those of undici, which is loaded anew: it counts by one timer for all.
    jest.resetModules()
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate', 'performance'] })
    try {
      const { proxiedFetch: fresh } = await import('../src/proxiedFetch.js')
      const answer = fresh({ proxy: 'http://127.0.0.1:1' })(`http://127.0.0.1:${apiPort}`)
      const response = await asked
      jest.advanceTimersByTime(60_000)
      response.end('late')
      expect(await (await answer).text()).toBe('late')
    } finally {
      jest.useRealTimers()
      await closed(api)
    }
  })

  it('takes along all that a Request says', async () => {
    const api = createServer(({ headers: { referer = '' } }, response) => response.end(referer))
    const url = `http://127.0.0.1:${await listening(api)}`
    const fetch = proxiedFetch({ proxy: 'http://127.0.0.1:1' })
    const integrity = `sha256-${createHash('sha256').update('another body').digest('base64')}`
    try {
      await expect(fetch(new Request(url, { integrity }))).rejects.toThrow('fetch failed')
      const referrer = 'https://app.example/page'
      const answer = await fetch(new Request(url, { referrer, referrerPolicy: 'unsafe-url' }))
      expect(await answer.text()).toBe(referrer)
    } finally {
      await closed(api)
    }
  })

  it("is the platform's own without one, and refuses what is none", () => {
    expect(() => proxiedFetch({ proxy: 'nowhere' })).toThrow('proxy')
    expect(proxiedFetch({})).toBe(fetch)
  })
})
