import { readFile, stat, writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import { join } from 'node:path'
import { type Home, withHome } from './support.js'

describe('sandbox', () => {
  it(
    'runs until Ctrl-C, with a profile and a settings file like the console',
    withHome(async ({ folder, start, run }) => {
      const file = join(folder, 'box_config.json')
      const server = start(['sandbox', '--rotation', 'strict', '--write', file])
      const url = await server.said(/listens on (http:\/\/127\.0\.0\.1:\d+)\n/)
      await server.said(/Ctrl-C/)
      const settings = JSON.parse(await readFile(file, 'utf8'))
      expect(Object.keys(settings)).toEqual(['boxAppSettings', 'enterpriseID'])
      expect((await stat(file)).mode & 0o777).toBe(0o600)
      expect((await run(['token', '--profile', 'sandbox'])).code).toBe(0)
      const token = await run(['token', '--config', file, '--base-url', url])
      expect(token.code).toBe(0)
      server.child.kill('SIGINT')
      const { code, stdout, stderr } = await server.ended
      expect(code).toBe(0)
      expect(stdout).toMatch(/^▸ .*\n( {2}\w+ +\S+\n){7}$/)
      expect(stderr).toMatch(/^try, in another terminal:\n[\s\S]*\nCtrl-C ends it\n$/)
      await expect(stat(join(folder, 'config', 'tessera', 'sandbox.json'))).rejects.toThrow('ENOENT')
    }),
  )

  it(
    'writes over the settings of a sandbox, and over no others',
    withHome(async ({ folder, settings, start, run }) => {
      const file = join(folder, 'box_config.json')
      const { boxAppSettings } = settings
      for (const foreign of [
        '',
        '{}',
        JSON.stringify({ ...settings, boxAppSettings: { ...boxAppSettings, clientID: 'x' } }),
      ]) {
        await writeFile(file, foreign)
        const { code, stderr } = await run(['sandbox', '--write', file])
        expect(code).toBe(3)
        expect(stderr).toContain(`${file} is not a sandbox's`)
        expect(await readFile(file, 'utf8')).toBe(foreign)
        await expect(stat(join(folder, 'config', 'tessera', 'sandbox.json'))).rejects.toThrow('ENOENT')
      }
      await writeFile(
        file,
        JSON.stringify({ ...settings, boxAppSettings: { ...boxAppSettings, clientID: 'sandbox-1' } }),
      )
      const server = start(['sandbox', '--write', file])
      await server.said(/Ctrl-C/)
      const { clientID } = JSON.parse(await readFile(file, 'utf8')).boxAppSettings
      expect(clientID).toMatch(/^sandbox-[0-9a-f]{8}$/)
      expect((await stat(file)).mode & 0o777).toBe(0o600)
      server.child.kill('SIGINT')
      expect(await server.ended).toMatchObject({ code: 0 })
    }),
  )

  it(
    'says that a port is in use, and what to do',
    withHome(async ({ box, run }) => {
      const { port } = new URL(box.url)
      const { code, stdout, stderr } = await run(['sandbox', '--port', port])
      expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
      expect(stderr).toMatch(
        /another program listens on port \d+ \(EADDRINUSE\)\.\n {2}next {5}end it, or leave the port out/,
      )
      const login = await run(['login', '--no-browser', '--port', port])
      expect(login.code).toBe(3)
      expect(login.stderr).toMatch(
        /^tessera: --port cannot be taken: .*EADDRINUSE.*\n {2}next {5}end the program that listens/,
      )
    }),
  )

  it(
    'never writes over a profile that is not its own',
    withHome(async ({ config, run }) => {
      const before = await readFile(config, 'utf8')
      const { code, stderr } = await run(['sandbox', '--profile', 'default'])
      expect(code).toBe(3)
      expect(stderr).toContain("is not a sandbox's")
      expect(await readFile(config, 'utf8')).toBe(before)
    }),
  )
})

const serverOf = async ({ start }: Home, ...args: ReadonlyArray<string>) => {
  const server = start(['sandbox', ...args])
  const url = await server.said(/listens on (http:\/\/127\.0\.0\.1:\d+)\n/)
  await server.said(/Ctrl-C/)
  const end = async () => {
    server.child.kill('SIGINT')
    expect(await server.ended).toMatchObject({ code: 0 })
  }
  return { url, end }
}

/** The token of the example in `--help`, and what it opens. */
const opened = async ({ run }: Home, url: string, ...args: ReadonlyArray<string>) => {
  const { code, stdout } = await run(['downscope', ...args, '--resource', 'file:123', '--profile', 'sandbox'])
  expect({ args, code }).toEqual({ args, code: 0 })
  const headers = { authorization: `Bearer ${stdout.trim()}` }
  const open = async (path: string) =>
    (await fetch(`${url}/2.0/files/123${path}`, { headers, redirect: 'manual' })).status
  return [await open(''), await open('/content')]
}

describe('[P10] options of the sandbox', () => {
  it(
    '--settings makes a client at the first run, and takes it from there at the next',
    withHome(async (home) => {
      const { folder, run } = home
      const file = join(folder, 'box_config.json')
      const first = await serverOf(home, '--settings', file)
      const made = await readFile(file, 'utf8')
      expect((await stat(file)).mode & 0o777).toBe(0o600)
      expect((await run(['token', '--config', file, '--base-url', first.url])).code).toBe(0)
      await first.end()
      const next = await serverOf(home, '--settings', file)
      expect(await readFile(file, 'utf8')).toBe(made)
      const of = ({ boxAppSettings: { clientID, clientSecret, appAuth } }: Home['settings']) => ({
        clientID,
        clientSecret,
        kid: appAuth.publicKeyID,
        passphrase: appAuth.passphrase,
      })
      const profile = join(folder, 'config', 'tessera', 'sandbox.json')
      expect(of(JSON.parse(await readFile(profile, 'utf8')))).toEqual(of(JSON.parse(made)))
      // What was signed with the key of the first run is taken by the second.
      expect((await run(['token', '--config', file, '--base-url', next.url])).code).toBe(0)
      await next.end()
      expect(await readFile(file, 'utf8')).toBe(made)
    }),
  )

  it(
    '--settings takes no file without a key, and leaves it as it is',
    withHome(async ({ folder, settings, run }) => {
      const file = join(folder, 'box_config.json')
      const { boxAppSettings } = settings
      const { appAuth } = boxAppSettings
      for (const wrong of [
        '',
        '{}',
        JSON.stringify({ ...settings, enterpriseID: 4242 }),
        JSON.stringify({
          ...settings,
          boxAppSettings: { ...boxAppSettings, appAuth: { ...appAuth, passphrase: 'another' } },
        }),
      ]) {
        await writeFile(file, wrong)
        const { code, stdout, stderr } = await run(['sandbox', '--settings', file])
        expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
        expect(stderr).toContain(`${file} has no settings with an RSA key that its passphrase opens`)
        expect(await readFile(file, 'utf8')).toBe(wrong)
      }
    }),
  )

  it(
    '--fault breaks what it is for, --allow-host adds a name',
    withHome(async (home) => {
      const { url, end } = await serverOf(
        home,
        ...['--fault', 'status=418,endpoint=metadata', '--fault', 'status=429,retry-after=7,endpoint=token,times=2'],
        ...['--allow-host', 'Box.Test'],
      )
      const status = async (path: string, method = 'GET') => (await fetch(`${url}${path}`, { method })).status
      const metadata = '/.well-known/oauth-authorization-server'
      expect([await status(metadata), await status(metadata)]).toEqual([418, 200])
      const limited = await fetch(`${url}/oauth2/token`, { method: 'POST' })
      expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '7'])
      expect([await status('/oauth2/token', 'POST'), await status('/oauth2/token', 'POST')]).toEqual([429, 400])
      const named = (host: string) =>
        new Promise<number | undefined>((resolve, reject) => {
          get(`${url}${metadata}`, { headers: { host }, agent: false }, (answer) => {
            answer.resume()
            resolve(answer.statusCode)
          }).on('error', reject)
        })
      expect([await named('box.test:80'), await named('evil.test')]).toEqual([200, 421])
      await end()
    }),
  )

  it(
    '--grace gives the same answer to a redeemed refresh token again',
    withHome(async (home) => {
      for (const [grace, statuses] of [
        ['3600', [200, 200]],
        ['0', [200, 400]],
      ] as const) {
        const { url, end } = await serverOf(home, '--grace', grace)
        const profile = join(home.folder, 'config', 'tessera', 'sandbox.json')
        const { clientID: client_id, clientSecret: client_secret } = JSON.parse(
          await readFile(profile, 'utf8'),
        ).boxAppSettings
        const post = (path: string, form: Readonly<Record<string, string>>) =>
          fetch(`${url}${path}`, {
            method: 'POST',
            redirect: 'manual',
            body: new URLSearchParams({ client_id, client_secret, ...form }),
          })
        const query = new URLSearchParams({ response_type: 'code', client_id })
        const page = await (await fetch(`${url}/api/oauth2/authorize?${query}`)).text()
        const ticket = /name="ticket" value="([^"]+)"/.exec(page)?.[1] ?? ''
        const granted = await post('/api/oauth2/authorize', { ticket, user: '7001', decision: 'grant' })
        const code = new URL(granted.headers.get('location') ?? '').searchParams.get('code') ?? ''
        const { refresh_token } = await (await post('/oauth2/token', { grant_type: 'authorization_code', code })).json()
        const redeem = async () => {
          const answer = await post('/oauth2/token', { grant_type: 'refresh_token', refresh_token })
          const { access_token } = await answer.json()
          await fetch(`${url}/2.0/users/me`, { headers: { authorization: `Bearer ${access_token}` } })
          return answer.status
        }
        expect([await redeem(), await redeem()]).toEqual(statuses)
        await end()
      }
    }),
  )

  it(
    'wrong values are told, with where to read on',
    withHome(async ({ run }) => {
      for (const [args, what] of [
        [['--fault', 'statsu=503'], '--fault has no kind "statsu": it is one of latency, '],
        [['--allow-host', 'http://box.test'], '--allow-host is not the name of a host: box.test is one, '],
        [['--grace', 'soon'], 'It is a number from 0 to 86400'],
        [['--grace', '5', '--rotation', 'strict'], "cannot be used with option '--rotation <mode>'"],
        [['--settings', 'a', '--write', 'b'], "cannot be used with option '--settings <file>'"],
      ] as const) {
        const { code, stdout, stderr } = await run(['sandbox', ...args])
        expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: '' })
        expect(stderr).toContain(what)
        expect(stderr).toMatch(/\n {2}next {5}.*--help\n$/)
      }
      const { stdout } = await run(['sandbox', '--help'])
      for (const word of ['--settings', '--grace', '--fault', '--allow-host', 'reset-midway', 'jwt-bearer', 'times=N'])
        expect(stdout).toContain(word)
    }),
  )

  it(
    'the example of downscope gives a token that opens a preview; item_download the content too',
    withHome(async (home) => {
      const { url, end } = await serverOf(home)
      expect(await opened(home, url, '--scope', 'item_preview')).toEqual([200, 403])
      expect(await opened(home, url, '--scope', 'base_preview')).toEqual([200, 403])
      expect(await opened(home, url, '--scope', 'item_download')).toEqual([200, 302])
      expect(await opened(home, url, '--scope', 'item_upload')).toEqual([403, 403])
      await end()
    }),
  )
})
