import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Home, withHome } from './support.js'

/** A server's certificate that no authority of the system has signed. */
const AUTHORITIES = join(__dirname, '..', '..', 'node', 'test', 'support', 'authorities.json')

interface Seen {
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

interface Api {
  readonly origin: string
  readonly port: number
  readonly seen: Seen[]
}

/** Servers that note what comes to them, until the end of a test. */
const withApis = (use: (home: Home, open: (answer?: RequestListener) => Promise<Api>) => Promise<void>) =>
  withHome(async (home) => {
    const servers: ReturnType<typeof createServer>[] = []
    try {
      await use(home, async (answer = (_, response) => response.end('{}')) => {
        const seen: Seen[] = []
        const server = createServer(async (request, response) => {
          seen.push({ url: request.url ?? '', headers: request.headers, body: await text(request) })
          answer(request, response)
        })
        servers.push(server)
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
        const address = server.address()
        const port = typeof address === 'object' && address !== null ? address.port : 0
        return { origin: `http://127.0.0.1:${port}`, port, seen }
      })
    } finally {
      for (const server of servers) {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      }
    }
  })

/** Makes the origins those of the default profile. */
const listed = ({ box, settings, writeProfile }: Home, origins: ReadonlyArray<string>): Promise<string> =>
  writeProfile('default', { ...settings, tessera: { baseUrl: box.url, origins } })

/** More than a pipe holds, so that it is written only to who reads it. */
const PIPED = 1_000_000
const isReading = (child: ChildProcessWithoutNullStreams): Promise<void> =>
  new Promise((resolve) => child.stdin.write(Buffer.alloc(PIPED, 'a'), () => resolve()))

describe('curl', () => {
  it(
    'follows redirects with --location only, and takes data and headers to origins of the profile only',
    withApis(async (home, open) => {
      const { run } = home
      const away = await open()
      const second = await open()
      const first = await open(({ url }, response) => {
        response.writeHead(307, { location: `${url === '/away' ? away.origin : second.origin}/there` }).end()
      })
      await listed(home, [first.origin, second.origin])

      const told = await run(['curl', `${first.origin}/away`, '-d', 'a=1'])
      expect(told.code).toBe(0)
      expect(away.seen).toEqual([])
      expect(told.stderr).toContain('--location follows it')

      expect((await run(['curl', '-L', `${first.origin}/second`, '-d', 'a=1', '-H', 'x-key: k3y'])).code).toBe(0)
      expect(second.seen).toMatchObject([{ url: '/there', body: 'a=1', headers: { 'x-key': 'k3y' } }])
      expect(second.seen[0]?.headers.authorization).toMatch(/^Bearer ./)

      const taking = [
        ['-d', 'a=1'],
        ['-H', 'x-key: k3y'],
      ]
      for (const args of taking) {
        const { code, stderr } = await run(['curl', '--location', `${first.origin}/away`, ...args])
        expect(code).toBe(3)
        expect(stderr).toContain(`leads to ${away.origin}, which is not an origin of profile default`)
        expect(away.seen).toEqual([])
      }
      expect((await run(['curl', '-L', `${first.origin}/away`])).code).toBe(0)
      expect(away.seen.map(({ headers }) => headers.authorization)).toEqual([undefined])
    }),
  )

  it(
    '[A15] takes an answer that came while it was stopped, although its time is over by then',
    withApis(async (home, open) => {
      let arrived = (_: ServerResponse): void => undefined
      const asked = new Promise<ServerResponse>((resolve) => {
        arrived = resolve
      })
      const { origin } = await open((_, response) => arrived(response))
      await listed(home, [origin])
      expect((await home.run(['token'])).code).toBe(0)
      const { child, ended } = home.start(['curl', '--timeout', '4', origin])
      const answer = await asked
      child.kill('SIGSTOP')
      await new Promise<void>((resolve) => answer.end('late', resolve))
      // Its time passes.
      await sleep(4_500)
      child.kill('SIGCONT')
      expect(await ended).toMatchObject({ code: 0, stdout: 'late' })
    }),
  )

  it(
    'ends at the first Ctrl-C while it reads standard input',
    withApis(async (home, open) => {
      const { origin, seen } = await open()
      await listed(home, [origin])
      const { child, ended } = home.start(['curl', '-d', '@-', origin], {}, null)
      await isReading(child)
      child.kill('SIGINT')
      expect(await ended).toMatchObject({ code: 130 })
      expect(seen).toEqual([])
    }),
  )

  it(
    '[A16] checks certificates, whatever NODE_TLS_REJECT_UNAUTHORIZED says',
    withHome(async (home) => {
      const seen: unknown[] = []
      const { loopback } = JSON.parse(await readFile(AUTHORITIES, 'utf8'))
      const server = createSecureServer(loopback.server, ({ headers }, response) => {
        seen.push(headers)
        response.end('{}')
      })
      try {
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
        const address = server.address()
        const origin = `https://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
        await listed(home, [origin])
        const { code } = await home.run(['curl', origin], { NODE_TLS_REJECT_UNAUTHORIZED: '0' })
        expect({ code, seen }).toEqual({ code: 6, seen: [] })
      } finally {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      }
    }),
  )

  it(
    'sends nothing that is wrong',
    withApis(async (home, open) => {
      const { run, folder } = home
      const api = await open()
      await listed(home, [api.origin])
      const wrong = [
        [`http://someone:n0t-this@127.0.0.1:${api.port}/`],
        [api.origin, '-X', 'GET', '-d', 'a'],
        [api.origin, '-X', 'B AD'],
        [api.origin, '-X', 'TRACE'],
        [api.origin, '-H', 'Authorization: Bearer n0t-this'],
        [api.origin, '-o', join(folder, 'none', 'body')],
        [api.origin, '-o', folder],
      ]
      for (const args of wrong) {
        const { code, stderr } = await run(['curl', ...args])
        expect({ args, code }).toEqual({ args, code: 2 })
        expect(stderr).not.toContain('n0t-this')
      }
      expect(api.seen).toEqual([])
      expect((await run(['curl', api.origin, '-H', 'A: 1', '-H', 'A: 2', '-H', 'accept: text/plain'])).code).toBe(0)
      expect(api.seen).toMatchObject([{ headers: { a: '1, 2', accept: 'text/plain' } }])
      expect((await run(['curl', api.origin, '-o', '/dev/null'])).code).toBe(0)
      expect(existsSync(join(folder, 'none'))).toBe(false)
    }),
  )

  it(
    'tells where an origin is to be listed',
    withApis(async (home) => {
      const { run, settings, writeProfile, box } = home
      await listed(home, ['http://api.invalid'])
      const http = await run(['curl', 'http://api.invalid/me'])
      expect(http.code).toBe(3)
      expect(http.stderr).toContain('profile add default --update --allow-http http://api.invalid')
      const file = await writeProfile('svc', { ...settings, tessera: { baseUrl: box.url, origins: [] } })
      const unlisted = await run(['curl', '--config', file, 'https://api.invalid/me'])
      expect(unlisted.code).toBe(3)
      expect(unlisted.stderr).toContain(`the member "tessera.origins" of ${file}`)
      expect(unlisted.stderr).not.toContain('--update')
    }),
  )

  it(
    'goes by the proxy that the environment names',
    withApis(async (home, open) => {
      const api = await open()
      const asked: string[] = []
      const proxy = createServer().on('connect', ({ url = '' }, socket) => {
        asked.push(url)
        const through = connect(api.port, '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
        through.on('error', () => socket.destroy()).pipe(socket)
        socket.on('error', () => through.destroy()).pipe(through)
      })
      await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
      const address = proxy.address()
      const port = typeof address === 'object' ? address?.port : undefined
      const { box, settings, run, writeProfile } = home
      const origin = 'http://api.invalid:8080'
      await writeProfile('default', {
        ...settings,
        tessera: { baseUrl: box.url, origins: [origin], allowHttp: [origin] },
      })
      const { code, stdout } = await run(['curl', '-d', 'a=1', `${origin}/me`], { HTTP_PROXY: `127.0.0.1:${port}` })
      await new Promise((resolve) => proxy.close(resolve))
      expect({ code, stdout, asked }).toEqual({ code: 0, stdout: '{}', asked: ['api.invalid:8080'] })
      expect(api.seen).toMatchObject([{ url: '/me', body: 'a=1', headers: { host: 'api.invalid:8080' } }])
      expect(api.seen[0]?.headers.authorization).toMatch(/^Bearer ./)
    }),
  )

  it(
    'has no login advised where a token of the application itself is refused',
    withApis(async (home, open) => {
      const api = await open((_, response) => response.writeHead(401).end())
      await listed(home, [api.origin])
      const { code, stderr } = await home.run(['curl', api.origin])
      expect(code).toBe(5)
      expect(stderr).toMatch(/next .* inspect$/m)
      expect(stderr).not.toMatch(/next .* login/)
    }),
  )
})
