import { createHash } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Server } from 'node:net'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { proxiedFetch } from '../src/proxiedFetch.js'

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
