import { watch } from 'node:fs'
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { withHome } from './support.js'

/** One request as bytes, and the whole answer. */
const raw = (port: number, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let answer = ''
    socket.on('data', (data) => {
      answer += data.toString()
    })
    socket.on('close', () => resolve(answer))
    socket.on('error', reject)
    socket.end(text)
  })

const request = (method: string, target: string, host: string): string =>
  `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`

const redirectOf = (url: string): URL => new URL(new URL(url).searchParams.get('redirect_uri') ?? '')

/** What a browser was opened with, and what it found. */
interface Visit {
  readonly argv: ReadonlyArray<string>
  readonly modes: ReadonlyArray<number>
  readonly page: string
  /** The names of its variables. */
  readonly variables: ReadonlyArray<string>
}

/** Where a page sends a browser. */
const addressIn = (page: string): string => {
  const [, refresh = ''] = /<meta http-equiv="refresh" content="0;url=([^"]+)">/.exec(page) ?? []
  const [, link = ''] = /<a href="([^"]+)">/.exec(page) ?? []
  expect(link).toBe(refresh)
  return refresh.replaceAll('&amp;', '&')
}

describe('login', () => {
  it(
    'ends with a session, whatever else comes to its address',
    withHome(async ({ box, start, run }) => {
      const login = start(['login', '--no-browser'])
      const url = await login.said(/http:\S+/)
      expect(new URL(url).searchParams.get('code_challenge_method')).toBe('S256')
      const { hostname, port: text, pathname } = redirectOf(url)
      expect({ hostname, pathname }).toEqual({ hostname: '127.0.0.1', pathname: '/callback' })
      const port = Number(text)
      const host = `127.0.0.1:${port}`
      const callback = await box.grant(url)
      const query = new URL(callback).search
      const state = new URL(callback).searchParams.get('state') ?? ''

      // Everything but the one callback: another method, path, host or state.
      const attack = fc.oneof(
        fc.record({
          method: fc.constantFrom('POST', 'PUT', 'HEAD', 'OPTIONS', 'DELETE'),
          target: fc.constant(`/callback${query}`),
          host: fc.constant(host),
        }),
        fc.record({
          method: fc.constant('GET'),
          target: fc
            .constantFrom(
              '/',
              '/callback/',
              '/callbacks',
              '/CALLBACK',
              '//callback',
              '/x/../callback',
              '/callback%2f',
              '/%63allback',
            )
            .map((path) => `${path}${query}`),
          host: fc.constant(host),
        }),
        fc.record({
          method: fc.constant('GET'),
          target: fc.constant(`/callback${query}`),
          host: fc.constantFrom(
            'evil.example',
            `evil.example:${port}`,
            `localhost:${port}`,
            '127.0.0.1',
            `[::1]:${port}`,
            '',
          ),
        }),
        fc.record({
          method: fc.constant('GET'),
          target: fc
            .string({ unit: fc.constantFrom(...'abcXYZ019_'), maxLength: 40 })
            .filter((other) => other !== state)
            .chain((other) =>
              fc.constantFrom(
                `/callback?code=stolen&state=${other}`,
                `/callback?error=access_denied&state=${other}`,
                `/callback?code=stolen&state=${state}&state=${other}`,
                `/callback?code=<script>alert(1)</script>`,
              ),
            ),
          host: fc.constant(host),
        }),
      )
      await fc.assert(
        fc.asyncProperty(attack, async (sent) => {
          const answer = await raw(port, request(sent.method, sent.target, sent.host))
          expect(answer).toMatch(/^HTTP\/1\.1 40[045] /)
          expect(answer).not.toMatch(/<script>alert|stolen/)
          expect(answer).not.toContain(state)
          expect(login.child.exitCode).toBe(null)
        }),
        { numRuns: 500 },
      )

      // A client that races: it connects first, sends half a request, and holds the connection.
      const racing = connect(port, '127.0.0.1')
      racing.on('error', () => undefined)
      racing.write('GET /callback')

      const page = await fetch(callback)
      expect(page.status).toBe(200)
      expect(await page.text()).not.toContain(state)
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
      const { code, stdout, stderr } = await login.ended
      expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
      expect(stderr).toMatch(/^logged in as Ada App <\S+> to profile default; access token until /m)
      await expect(raw(port, request('GET', '/', host))).rejects.toThrow('ECONNREFUSED')

      const token = await run(['token', '--as', 'login'])
      expect(box.isActive(token.stdout.trim())).toBe(true)
      expect((await run(['inspect', '--as', 'login'])).stdout).toMatch(/refresh +held +epoch 1, generation 1/)
    }),
  )

  it.each([
    ['of $BROWSER, of which the first that opens counts', (bin: string) => ({ BROWSER: `${bin}/none:${bin}/open %s` })],
    ['of $BROWSER on WSL too', (bin: string) => ({ BROWSER: `${bin}/open`, WSL_DISTRO_NAME: 'Ubuntu' })],
    ['of the system', (bin: string) => ({ PATH: bin })],
  ])('opens the browser %s', (_, variables) =>
    withHome(async ({ box, folder, start }) => {
      // Hands its arguments to the test, with what it finds at the address.
      const visited = createServer()
      const visit = new Promise<Visit>((resolve) => {
        visited.on('request', (asked, answer) => {
          answer.end()
          resolve(JSON.parse(decodeURIComponent(asked.url?.slice(1) ?? '')))
        })
      })
      await new Promise<void>((resolve) => visited.listen(0, '127.0.0.1', resolve))
      const address = visited.address()
      const port = typeof address === 'object' ? address?.port : undefined
      const script = `
        const { readFileSync, statSync } = require('node:fs')
        const { dirname } = require('node:path')
        const [, , address] = process.argv
        const file = require('node:url').fileURLToPath(address)
        const modes = [file, dirname(file)].map((path) => statSync(path).mode & 0o777)
        const variables = Object.keys(process.env)
        const visit = { argv: process.argv.slice(2), modes, page: readFileSync(file, 'utf8'), variables }
        void fetch('http://127.0.0.1:${port}/' + encodeURIComponent(JSON.stringify(visit)))`
      // What opens an address on Linux, and on macOS.
      for (const name of ['xdg-open', 'open'])
        await writeFile(join(folder, name), `#!${process.execPath}\n${script}\n`, { mode: 0o755 })
      try {
        const login = start(['login'], { ...variables(folder), TESSERA_PROFILE: 'default' })
        // One that opens nothing says the address, and ends the test.
        void login.said(/open this address/).then(
          () => login.child.kill(),
          () => undefined,
        )
        const ended = login.ended.then(({ stderr }) => Promise.reject(new Error(stderr)))
        const { argv, modes, page, variables: names } = await Promise.race([visit, ended])
        // Whoever reads the list of processes learns nothing of the login.
        expect(argv.join(' ')).toMatch(/^file:\/\/\/\S+\/login\.html$/)
        expect(argv.join(' ')).not.toMatch(/state=|127\.0\.0\.1/)
        expect(modes).toEqual([0o600, 0o700])
        expect(names.filter((name) => name.startsWith('TESSERA_'))).toEqual([])
        expect(page).toContain("default-src 'none'")
        await fetch(await box.grant(addressIn(page)))
        ended.catch(() => undefined)
        const { code, stdout, stderr } = await login.ended
        expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
        expect(stderr).not.toContain('state=')
        expect((await readdir(folder)).filter((name) => name.startsWith('tessera-login-'))).toEqual([])
      } finally {
        visited.closeAllConnections()
        await new Promise((resolve) => visited.close(resolve))
      }
    })(),
  )

  it(
    'says the address when the browser does not open, also with --quiet',
    withHome(async ({ box, folder, start }) => {
      const browser = join(folder, 'browser')
      await writeFile(browser, '#!/bin/sh\nexit 3\n', { mode: 0o755 })
      for (const args of [[], ['--quiet']]) {
        const login = start(['login', ...args], { BROWSER: browser })
        await fetch(await box.grant(await login.said(/http:\S+/)))
        const { code, stderr } = await login.ended
        expect(code).toBe(0)
        expect(stderr.match(/open this address/g)).toHaveLength(1)
      }
    }),
  )

  it(
    'ends with 5 when the person declines',
    withHome(async ({ box, start }) => {
      const login = start(['login', '--no-browser', '--json'])
      await fetch(await box.grant(await login.said(/http:\S+/), { allow: false }))
      const { code, stdout } = await login.ended
      expect(code).toBe(5)
      expect(JSON.parse(stdout).error).toMatchObject({
        server: { error: 'access_denied' },
        likely: 'the person declined',
      })
    }),
  )

  it(
    'ends when the callback names another issuer (RFC 9207)',
    withHome(
      async ({ box, start }) => {
        const login = start(['login', '--no-browser'])
        await fetch(await box.grant(await login.said(/http:\S+/)))
        const { code, stderr } = await login.ended
        expect(code).toBe(5)
        expect(stderr).toContain('iss')
        expect(box.counts().byEndpoint.token).toBe(0)
      },
      { callbackIssuer: 'https://evil.example' },
    ),
  )

  it(
    'ends with 130 at Ctrl-C, and stops listening',
    withHome(async ({ start, sessions }) => {
      const login = start(['login', '--no-browser'])
      const { port, host } = redirectOf(await login.said(/http:\S+/))
      login.child.kill('SIGINT')
      expect(await login.ended).toMatchObject({ code: 130, stdout: '' })
      await expect(raw(Number(port), request('GET', '/', host))).rejects.toThrow('ECONNREFUSED')
      expect(await sessions()).toEqual([])
    }),
  )

  it(
    'goes by a code on another device',
    withHome(
      async ({ box, start, run }) => {
        const login = start(['login', '--device', '--scope', 'root_readwrite'])
        await box.approveDevice(await login.said(/type the code (\S+)/))
        expect(await login.ended).toMatchObject({ code: 0, stdout: '' })
        const { stdout } = await run(['inspect', '--as', 'login', '--json'])
        expect(JSON.parse(stdout)).toMatchObject({ as: 'login', state: 'valid', refresh_token: true, epoch: 1 })
      },
      { ttl: { interval: 1 } },
    ),
  )

  it(
    'asks nobody where there is no terminal',
    withHome(async ({ run }) => {
      const { code, stderr } = await run(['login', '--profile', 'none'])
      expect(code).toBe(3)
      expect(stderr).toContain('there is no profile "none"')
      // What it advises is not what was just tried.
      expect(stderr).toMatch(/next {5}.* profile add none --issuer /)
      expect(stderr).not.toMatch(/next.* login\b/)
    }),
  )

  it(
    'waits no longer than --timeout says, and leaves nothing behind',
    withHome(async ({ start, run, folder, writeProfile }) => {
      const opened = join(folder, 'opened')
      await writeFile(join(folder, 'open'), `#!/bin/sh\n: > '${opened}'\n`, { mode: 0o755 })
      const login = start(['login', '--timeout', '2'], { BROWSER: join(folder, 'open') })
      const { code, stderr } = await login.ended
      expect(code).toBe(6)
      expect(stderr).toContain('timed out')
      expect(await readdir(folder)).toContain('opened')
      expect((await readdir(folder)).filter((name) => name.startsWith('tessera-login-'))).toEqual([])
      expect(JSON.parse((await run(['store', 'list', '--json'])).stdout).sessions).toEqual([])
      await writeProfile('half', { boxAppSettings: { clientID: 'app' } })
      const half = await run(['login', '--profile', 'half'])
      expect(half.code).toBe(3)
      expect(half.stderr).toContain('set TESSERA_CLIENT_SECRET')
    }),
  )

  it(
    'takes away the pages of processes that were killed',
    withHome(async ({ box, folder, start }) => {
      const [old, young] = [join(folder, 'tessera-login-killed'), join(folder, 'tessera-login-waits')]
      for (const path of [old, young]) await mkdir(path)
      await writeFile(join(old, 'login.html'), '')
      const before = Date.now() / 1_000 - 2 * 86_400
      await utimes(old, before, before)
      const login = start(['login'], { BROWSER: join(folder, 'none') })
      await fetch(await box.grant(await login.said(/http:\S+/)))
      expect((await login.ended).code).toBe(0)
      expect((await readdir(folder)).filter((name) => name.startsWith('tessera-login-'))).toEqual([
        'tessera-login-waits',
      ])
    }),
  )

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('takes its page away at %s', (signal) =>
    withHome(async ({ start, folder }) => {
      const browser = join(folder, 'browser')
      const script = `require('node:fs').writeFileSync(${JSON.stringify(join(folder, 'opened'))}, process.argv[2])`
      await writeFile(browser, `#!${process.execPath}\n${script}\n`, { mode: 0o755 })
      const opened = new Promise<void>((resolve) => {
        const watcher = watch(folder, (_, name) => {
          if (name !== 'opened') return
          watcher.close()
          resolve()
        })
      })
      const login = start(['login'], { BROWSER: browser })
      await opened
      login.child.kill(signal)
      expect(await login.ended).toMatchObject({ code: 130 })
      expect((await readdir(folder)).filter((name) => name.startsWith('tessera-login-'))).toEqual([])
    })(),
  )
})
