/** The broker as a user runs it: real processes, at a socket. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { type IncomingHttpHeaders, request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Home, type Running, withHome } from './support.js'

const MAIN = join(__dirname, '..', 'bin', 'tessera.js')

interface Said {
  readonly status: number
  readonly body: string
}

const ask = (
  where: { readonly socketPath: string } | { readonly port: number },
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Said> =>
  new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', ...where, path, agent: false, headers }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject)
    })
      .once('error', reject)
      .end()
  })

/** The same with the headers of the answer, and a body where there is one. */
const send = (
  where: { readonly port: number },
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body?: string,
): Promise<{ readonly status: number; readonly headers: IncomingHttpHeaders }> =>
  new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST'
    request({ host: '127.0.0.1', ...where, path, method, agent: false, headers }, (response) => {
      response.resume()
      resolve({ status: response.statusCode ?? 0, headers: response.headers })
    })
      .once('error', reject)
      .end(body)
  })

const tokenIn = ({ status, body }: Said): string => {
  expect([status, status === 200 ? '' : body]).toEqual([200, ''])
  return JSON.parse(body).access_token
}

const socketOf = ({ folder }: Home): string => join(folder, 'run', 'tessera', 'broker.sock')

/** A broker that listens. */
const served = async (home: Home, ...args: ReadonlyArray<string>): Promise<Running> => {
  const running = home.start(['serve', ...args], { XDG_RUNTIME_DIR: join(home.folder, 'run') })
  await running.said(/Ctrl-C ends it/)
  return running
}

const killed = async ({ child }: Running, signal: NodeJS.Signals): Promise<void> => {
  const gone = once(child, 'exit')
  child.kill(signal)
  await gone
}

describe('tessera serve', () => {
  it(
    'gives tokens of all profiles until it is told to end, and leaves nothing behind',
    withHome(async (home) => {
      const { box, writeProfile, settings, remember } = home
      await writeProfile('robot', { ...settings, tessera: { baseUrl: box.url, as: 'service' } })
      await writeProfile('me', { ...settings, tessera: { baseUrl: box.url, as: 'login' } })
      const running = await served(home, '--tcp', '0', '--gce', '--oidc-agent')
      const socketPath = socketOf(home)
      const all = await Promise.all(
        Array.from({ length: 50 }, (_, at) => ask({ socketPath }, at % 2 === 0 ? '/token' : '/token?profile=default')),
      )
      const [token = '', ...others] = [...new Set(all.map(tokenIn))]
      expect(others).toEqual([])
      expect(box.isActive(token)).toBe(true)
      expect(box.counts().byEndpoint.token).toBe(1)
      remember(token)
      expect(box.isActive(tokenIn(await ask({ socketPath }, '/token?profile=robot')))).toBe(true)

      const login = await ask({ socketPath }, '/token?profile=me')
      expect(login.status).toBe(403)
      expect(JSON.parse(login.body)).toMatchObject({
        error: 'login_required',
        next: expect.stringMatching(/ login --profile me$/),
      })
      expect((await ask({ socketPath }, '/token?profile=../x')).status).toBe(404)
      const { sessions } = JSON.parse((await ask({ socketPath }, '/sessions')).body)
      expect(sessions.map(({ profile, state }: { profile: string; state: string }) => [profile, state])).toEqual([
        ['default', 'valid'],
        ['me', 'empty'],
        ['robot', 'valid'],
      ])

      // By the port, with what is in the file.
      const port = Number(await running.said(/127\.0\.0\.1:(\d+)/))
      const file = join(home.folder, 'run', 'tessera', 'broker.bearer')
      expect(((await lstat(file)).mode & 0o777).toString(8)).toBe('600')
      expect((await ask({ port }, '/token')).status).toBe(401)

      // As the libraries of others ask: of this user, which the system tells, without the bearer.
      const metadata = '/computeMetadata/v1/instance/service-accounts/robot/token'
      expect(tokenIn(await ask({ port }, metadata, { 'metadata-flavor': 'Google' }))).toBe(token)
      const bearer = (await readFile(file, 'utf8')).trim()
      expect(tokenIn(await ask({ port }, '/azure/robot', { 'x-identity-header': bearer }))).toBe(token)
      const agent = connect(join(home.folder, 'run', 'tessera', 'oidc.sock'))
      agent.write('{"request":"access_token","account":"robot"}')
      expect(JSON.parse(await text(agent))).toMatchObject({ status: 'success', access_token: token })

      // One that others can write is not served.
      const writable = await writeProfile('writable', { ...settings, tessera: { baseUrl: box.url, as: 'service' } })
      await chmod(writable, 0o622)
      const unserved = await ask({ socketPath }, '/token?profile=writable')
      expect([unserved.status, JSON.parse(unserved.body)]).toMatchObject([
        500,
        { error: 'misconfigured', error_description: expect.stringContaining(`chmod go-w '${writable}'`) },
      ])
      expect(await home.start(['serve', '--profile', 'writable', '--replace']).ended).toMatchObject({
        code: 3,
        stderr: expect.stringContaining(
          `others can change ${writable}, so no tokens are served by it: it has mode 0622`,
        ),
      })

      // A profile that is changed is opened anew, one that is removed is none.
      await writeProfile('robot', { ...settings, tessera: { baseUrl: box.url, as: 'login' } })
      expect((await ask({ socketPath }, '/token?profile=robot')).status).toBe(403)

      running.child.kill('SIGTERM')
      const { code, stdout, stderr } = await running.ended
      expect(code).toBe(0)
      expect(stdout + stderr).not.toContain(token)
      expect(await readdir(join(home.folder, 'run', 'tessera'))).toEqual(['broker.bearer'])
    }),
  )

  it(
    'starts after one that was killed, and takes over from one that runs: no request is lost',
    withHome(async (home) => {
      const socketPath = socketOf(home)
      const first = await served(home, '--profile', 'default')
      tokenIn(await ask({ socketPath }, '/token'))
      await killed(first, 'SIGKILL')
      await expect(ask({ socketPath }, '/token')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
      const second = await served(home, '--profile', 'default', '--tcp', '0')
      const port = await second.said(/127\.0\.0\.1:(\d+)/)

      const taken = await home.start(['serve'], { XDG_RUNTIME_DIR: join(home.folder, 'run') }).ended
      expect(taken).toMatchObject({ code: 3, stderr: expect.stringContaining('--replace') })

      let isOver = false
      const tokens: string[] = []
      const asking = Array.from({ length: 2 }, async () => {
        while (!isOver) tokens.push(tokenIn(await ask({ socketPath }, '/token')))
      })
      const third = await served(home, '--profile', 'default', '--replace', '--tcp', port)
      expect((await second.ended).code).toBe(0)
      isOver = true
      await Promise.all(asking)
      expect(new Set(tokens).size).toBe(1)
      const authorization = `Bearer ${(await readFile(join(home.folder, 'run', 'tessera', 'broker.bearer'), 'utf8')).trim()}`
      for (const health of [
        ask({ socketPath }, '/health'),
        ask({ port: Number(port) }, '/health', { authorization }),
      ]) {
        expect(JSON.parse((await health).body).pid).toBe(third.child.pid)
      }
      // One that is asked for the only profile it has not is no other.
      expect((await ask({ socketPath }, '/token?profile=other')).status).toBe(404)
      expect(home.box.counts().byEndpoint.token).toBe(1)
      await killed(third, 'SIGINT')
    }),
  )

  it(
    'opens its page by a link that is in no list of processes, and a login from there',
    withHome(async (home) => {
      const opener = join(home.folder, 'opener.mjs')
      await writeFile(
        opener,
        `import { appendFileSync, readFileSync } from 'node:fs'
         const address = process.argv[2]
         appendFileSync(${JSON.stringify(join(home.folder, 'opened'))}, address + '\\n' + readFileSync(new URL(address), 'utf8') + '\\n')`,
      )
      const { box, writeProfile, settings } = home
      await writeProfile('me', { ...settings, tessera: { baseUrl: box.url, as: 'login' } })
      const variables = { XDG_RUNTIME_DIR: join(home.folder, 'run'), BROWSER: `${process.execPath} ${opener} %s` }
      const running = home.start(['serve', '--open'], variables)
      await running.said(/Ctrl-C ends it/)
      const opened = async (times: number): Promise<string> => {
        for (;;) {
          const text = await readFile(join(home.folder, 'opened'), 'utf8').catch(() => '')
          const urls = [...text.matchAll(/href="([^"]+)"/g)].map(([, url = '']) => url.replaceAll('&amp;', '&'))
          expect(text.match(/^(?!<|file:|$)/gm) ?? []).toEqual([])
          if (urls.length >= times) return urls[times - 1] ?? ''
          await sleep(20)
        }
      }
      const first = await opened(1)
      const { host, pathname, search } = new URL(first)
      const port = Number(host.split(':')[1])
      // Again, by another command: of the broker that runs.
      const again = home.start(['serve', '--open'], variables)
      const second = await opened(2)
      again.child.kill('SIGINT')
      expect((await again.ended).code).toBe(0)
      expect(second).not.toBe(first)
      expect((await ask({ port }, pathname + search)).status).toBe(403)

      const page = await send({ port }, new URL(second).pathname + new URL(second).search)
      const own = page.headers.location ?? ''
      const cookie = String(page.headers['set-cookie']).split(';')[0] ?? ''
      const begun = await send(
        { port },
        `${own}login`,
        { cookie, origin: `http://127.0.0.1:${port}` },
        '{"profile":"me"}',
      )
      expect(begun.status).toBe(202)
      // The login is that of the command: it opens the browser, at the provider.
      await fetch(await box.grant(await opened(3)))
      const socketPath = socketOf(home)
      while ((await ask({ socketPath }, '/token?profile=me')).status !== 200) await sleep(20)
      // To this one nobody logs in.
      const none = await send(
        { port },
        `${own}login`,
        { cookie, origin: `http://127.0.0.1:${port}` },
        '{"profile":"default"}',
      )
      expect(none.status).toBe(400)
      await killed(running, 'SIGTERM')
    }),
  )

  it(
    'takes the socket that a service manager has opened, which stays',
    withHome(async (home) => {
      const path = join(home.folder, 'activated.sock')
      // It has the socket, and is busy as long as a service runs, so that it takes no connection itself.
      const manager = spawn(
        process.execPath,
        [
          '-e',
          `const { spawnSync } = require('node:child_process')
           const server = require('node:net').createServer().listen(process.argv[1], () => {
             process.stdout.write('listening')
             for (const _ of [1, 2]) {
               spawnSync('/bin/sh', ['-c', 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"', 'sh', process.execPath, ...process.argv.slice(2)], {
                 stdio: ['ignore', 'ignore', 'ignore', server._handle.fd],
               })
             }
             process.exit()
           })`,
          path,
          MAIN,
          'serve',
        ],
        {
          env: { PATH: process.env['PATH'], HOME: home.folder, XDG_CONFIG_HOME: join(home.folder, 'config') },
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      )
      const gone = once(manager, 'exit')
      await once(manager.stdout, 'data')
      const pidOf = async (): Promise<number> => JSON.parse((await ask({ socketPath: path }, '/health')).body).pid
      // Asked before it runs: it waits, and is answered.
      const token = tokenIn(await ask({ socketPath: path }, '/token'))
      const first = await pidOf()
      process.kill(first, 'SIGTERM')
      // One of the two answers, whichever has it.
      expect(tokenIn(await ask({ socketPath: path }, '/token'))).toBe(token)
      let second = await pidOf()
      while (second === first) {
        await sleep(20)
        second = await pidOf()
      }
      process.kill(second, 'SIGTERM')
      await gone
      expect((await lstat(path)).isSocket()).toBe(true)
    }),
  )

  it(
    'prints units, and says what is wrong before it begins',
    withHome(async ({ start, folder }) => {
      const variables = { XDG_RUNTIME_DIR: join(folder, 'run') }
      const [systemd, launchd, missing] = await Promise.all([
        start(['serve', '--print-unit', 'systemd', '--profile', 'a', '--profile', 'b']).ended,
        start(['serve', '--print-unit', 'launchd']).ended,
        start(['serve', '--profile', 'default', '--profile', 'none'], variables).ended,
      ])
      expect(systemd.stdout).toContain('ListenStream=%t/tessera/broker.sock')
      expect(systemd.stdout).toMatch(/^ExecStart="[^"]+" "[^"]+tessera\.js" "serve" "--profile" "a" "--profile" "b"$/m)
      expect(launchd.stdout).toContain('<string>serve</string>')
      expect(missing).toMatchObject({ code: 3, stderr: expect.stringContaining('there is no profile "none"') })

      await mkdir(join(folder, 'shared'), { mode: 0o755 })
      const open = await start(['serve', '--socket', join(folder, 'shared', 's')]).ended
      expect(open).toMatchObject({ code: 3, stderr: expect.stringContaining('chmod 700') })
    }),
  )
})
