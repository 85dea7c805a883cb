import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { startWorld } from '../../mcp/test/support/world.js'
import { decodeProfileFile } from '../src/profileFile.js'
import { type Home, withHome } from './support.js'

const generic = { dialect: 'generic' } as const

const profileOf = async ({ folder }: Home, name: string): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(join(folder, 'config', 'tessera', `${name}.json`), 'utf8'))

const profiles = ({ folder }: Home): Promise<ReadonlyArray<string>> => readdir(join(folder, 'config', 'tessera'))

/** Logs in by the address that the command tells. */
const loggedIn = async ({ box, start }: Home, args: ReadonlyArray<string>, variables = {}) => {
  const login = start(['login', '--no-browser', ...args], variables)
  const url = await login.said(/http:\S+authorize\S+/)
  await fetch(await box.grant(url))
  return { url: new URL(url), ended: await login.ended }
}

describe('a provider that is none of Box', () => {
  it(
    'is logged in to by its issuer, in one step, and has a profile then',
    withHome(async (home) => {
      const { box, run } = home
      const args = ['--issuer', box.endpoints.issuer, '--client-id', box.publicClient.id, '--profile', 'work']
      const { url, ended } = await loggedIn(home, args)
      expect(ended).toMatchObject({ code: 0, stdout: '' })
      expect(ended.stderr).toMatch(/^logged in as .+ <\S+@\S+> to profile work; access token until /m)
      expect(url.searchParams.get('scope')).toBe('openid profile email offline_access')
      expect(url.searchParams.get('prompt')).toBe('consent')
      // The person is told by an ID token that has it.
      expect(url.searchParams.get('nonce')).toMatch(/^\w{22}$/)
      expect(url.searchParams.get('code_challenge_method')).toBe('S256')
      const file = join(home.folder, 'config', 'tessera', 'work.json')
      expect((await stat(file)).mode & 0o777).toBe(0o600)
      expect(await profileOf(home, 'work')).toMatchObject({
        version: 1,
        discovered: true,
        clientId: box.publicClient.id,
        server: { issuer: box.endpoints.issuer, tokenEndpoint: box.endpoints.token },
      })
      const token = await run(['token', '--profile', 'work'])
      expect(box.isActive(token.stdout.trim())).toBe(true)

      // The same options use what is there, whatever its name.
      const again = await loggedIn(home, ['--issuer', box.endpoints.issuer])
      expect(again.ended.stderr).toContain('to profile work')
      expect(await profiles(home)).toEqual(['default.json', 'work.json'])
      const next = await run(['token', '--profile', 'work'])
      expect((await run(['revoke', '--profile', 'work'])).code).toBe(0)
      expect(box.isActive(next.stdout.trim())).toBe(false)
    }, generic),
  )

  it(
    'is asked for client credentials, with the secret of the environment or of standard input',
    withHome(async (home) => {
      const { box, run, start } = home
      const { id, secret } = box.client
      home.remember(secret)
      const add = ['profile', 'add', 'robot', '--issuer', box.endpoints.issuer, '--client-id', id, '--as', 'service']
      const added = await run(add, { TESSERA_CLIENT_SECRET: secret })
      expect(added.code).toBe(0)
      expect(JSON.stringify(await profileOf(home, 'robot'))).not.toContain(secret)
      const without = await run(['token', '--profile', 'robot'])
      expect(without.code).toBe(3)
      expect(without.stderr).toContain('TESSERA_CLIENT_SECRET')
      const token = await run(['token', '--profile', 'robot'], { TESSERA_CLIENT_SECRET: secret })
      expect(box.isActive(token.stdout.trim())).toBe(true)

      const update = start(['profile', 'add', 'robot', '--update', '--secret-stdin'], {}, `${secret}\n`)
      expect((await update.ended).code).toBe(0)
      expect(await profileOf(home, 'robot')).toMatchObject({ clientSecret: secret, as: 'service' })
      const shown = await run(['profile', 'show', 'robot', '--json'])
      expect(JSON.parse(shown.stdout)).toMatchObject({ client_secret: 'held', as: 'service', client_id: id })
      expect((await run(['token', '--profile', 'robot'])).stdout).toBe(token.stdout)
    }, generic),
  )

  it(
    'needs no metadata where its endpoints are named, and takes a code typed elsewhere',
    withHome(
      async (home) => {
        const { box, run, start } = home
        const added = await run([
          ...['profile', 'add', 'plain', '--token-endpoint', box.endpoints.token],
          ...['--device-authorization-endpoint', box.endpoints.deviceAuthorization, '--client-id', box.publicClient.id],
        ])
        expect(added.code).toBe(0)
        expect(await profileOf(home, 'plain')).toMatchObject({ discovered: false })
        const none = await run(['login', '--profile', 'plain'])
        expect(none.code).toBe(3)
        expect(none.stderr).toContain('login --profile plain --device')
        const login = start(['login', '--device', '--profile', 'plain'])
        await box.approveDevice(await login.said(/type the code (\S+)/))
        expect((await login.ended).code).toBe(0)
        expect(box.isActive((await run(['token', '--profile', 'plain'])).stdout.trim())).toBe(true)
      },
      { ...generic, ttl: { interval: 1 } },
    ),
  )

  it(
    'saves nothing of a login that failed',
    withHome(async (home) => {
      const { box, run, start } = home
      const args = ['--issuer', box.endpoints.issuer, '--client-id', box.client.id, '--profile', 'new']
      // A confidential client without its secret: refused at the exchange.
      const { ended } = await loggedIn(home, args)
      expect(ended.code).toBe(5)
      expect(ended.stderr).toContain('nothing was saved')
      // Its own advice, and not that for Box.
      expect(ended.stderr).not.toMatch(/Developer Console|Admin Console/)
      const declined = start(['login', '--no-browser', ...args])
      await fetch(await box.grant(await declined.said(/http:\S+authorize\S+/), { allow: false }))
      expect((await declined.ended).code).toBe(5)
      expect(await profiles(home)).toEqual(['default.json'])
      expect(JSON.parse((await run(['store', 'list', '--json'])).stdout).sessions).toEqual([])
    }, generic),
  )

  it(
    'is logged in to by a pushed request where it takes no other, also with a profile that was not looked up anew',
    withHome(async ({ run, start, folder }) => {
      const world = await startWorld({ pushed: true })
      try {
        const login = async (...args: ReadonlyArray<string>) => {
          const running = start(['login', '--no-browser', '--profile', 'par', ...args])
          const address = await running.said(/http:\S+authorize\S+/)
          expect(new URL(address).searchParams.get('state')).toBeNull()
          await fetch(address)
          expect(await running.ended).toMatchObject({ code: 0 })
        }
        await login('--issuer', world.origin, '--client-id', 'by-hand')
        const file = join(folder, 'config', 'tessera', 'par.json')
        await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), discovered: false }))
        await login()
        expect((await run(['token', '--profile', 'par'])).stdout).toBe('access-2\n')
        expect([world.count('POST /par'), world.asked.length]).toEqual([2, 2])
      } finally {
        await world.close()
      }
    }, generic),
  )

  it(
    'is reached by the proxy that the environment names',
    withHome(async ({ run }) => {
      const asked: string[] = []
      const proxy = createServer().on('connect', ({ url = '' }, socket) => {
        asked.push(url)
        socket.destroy()
      })
      await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
      const address = proxy.address()
      const port = typeof address === 'object' ? address?.port : undefined
      const add = ['profile', 'add', 'far', '--issuer', 'https://as.invalid', '--client-id', 'app']
      const { code } = await run(add, { HTTPS_PROXY: `http://127.0.0.1:${port}` })
      await new Promise((resolve) => proxy.close(resolve))
      expect(code).toBe(6)
      expect(asked).toContain('as.invalid:443')
      const wrong = await run(add, { HTTPS_PROXY: 'ftp://n0t-this@nowhere' })
      expect(wrong.code).toBe(3)
      expect(wrong.stderr).toContain('HTTPS_PROXY')
      expect(wrong.stderr).not.toContain('n0t-this')
    }, generic),
  )

  it(
    'is looked up anew at a login, and what is new is kept',
    withHome(async (home) => {
      const { box, writeProfile, run } = home
      const server = { issuer: box.endpoints.issuer, tokenEndpoint: `${box.url}/moved` }
      await writeProfile('old', { version: 1, server, discovered: true, clientId: box.publicClient.id })
      expect((await loggedIn(home, ['--profile', 'old'])).ended.code).toBe(0)
      expect(await profileOf(home, 'old')).toMatchObject({ server: { tokenEndpoint: box.endpoints.token } })
      expect((await run(['token', '--profile', 'old'])).code).toBe(0)
    }, generic),
  )
})

describe('profiles', () => {
  it(
    'are added, listed, shown, changed and removed',
    withHome(async (home) => {
      const { run } = home
      const add = ['profile', 'add', 'one', '--token-endpoint', 'https://as.example/token', '--client-id', 'app']
      expect((await run([...add, '--scope', 'a b', '--origin', 'https://api.example/'])).code).toBe(0)
      const twice = await run(add)
      expect(twice.code).toBe(3)
      expect(twice.stderr).toContain('--update')
      expect((await run(['profile', 'add', 'one', '--update', '--parameter', 'audience=x'])).code).toBe(0)
      const shown = await run(['profile', 'show', 'one', '--json'])
      expect(JSON.parse(shown.stdout)).toMatchObject({
        scope: ['a', 'b'],
        parameters: { audience: 'x' },
        origins: ['https://as.example', 'https://api.example'],
      })
      await home.writeProfile('wrong', { version: 1, clientId: 'app', clientSecret: 'n0t-this', server: {} })
      home.remember('n0t-this')
      await home.writeProfile('cut', { version: 1, provider: 'github', clientId: '\ud83d' })
      const listed = await run(['profile', 'list'])
      const names = listed.stdout.split('\n').map((line) => line.split(/ {2,}/)[0])
      expect(names).toEqual(['cut', 'default', 'one', 'wrong', ''])
      expect(listed.stdout).toContain('server.tokenEndpoint')
      expect(listed.stdout).toContain('clientId')
      const refused = await run(['profile', 'remove', 'one'])
      expect(refused.code).toBe(2)
      expect((await run(['profile', 'remove', 'one', '--yes'])).code).toBe(0)
      expect(await profiles(home)).toEqual(['cut.json', 'default.json', 'wrong.json'])
      expect((await run(['profile', 'show', 'one'])).code).toBe(3)
    }),
  )

  it(
    'of Box are settings files, made by the preset too',
    withHome(async (home) => {
      const { box, run, start } = home
      const args = ['profile', 'add', 'mine', '--provider', 'box', '--client-id', box.client.id, '--secret-stdin']
      const add = start([...args, '--base-url', box.url], {}, box.client.secret)
      expect((await add.ended).code).toBe(0)
      expect(await profileOf(home, 'mine')).toMatchObject({
        boxAppSettings: { clientID: box.client.id, clientSecret: box.client.secret },
        tessera: { baseUrl: box.url },
      })
      const { ended } = await loggedIn(home, ['--profile', 'mine'])
      expect(ended.code).toBe(0)
      expect((await run(['token', '--profile', 'mine'])).code).toBe(0)
    }),
  )

  it(
    'tell of http that is allowed, and what to do where it is not',
    withHome(async ({ run }) => {
      const add = ['profile', 'add', 'dev', '--client-id', 'app']
      const refused = await run([...add, '--issuer', 'http://keycloak.invalid:8080/realms/dev'])
      expect(refused.code).toBe(3)
      expect(refused.stderr).toContain('--allow-http http://keycloak.invalid:8080')
      const endpoint = ['--token-endpoint', 'http://keycloak.invalid:8080/token']
      expect((await run([...add, ...endpoint, '--allow-http', 'http://keycloak.invalid:8080'])).code).toBe(0)
      expect((await run(['profile', 'show', 'dev'])).stdout).toMatch(/^http +http:\/\/keycloak\.invalid:8080: allowed/m)
    }),
  )
})

describe('the file of a profile', () => {
  const good = { version: 1, clientId: 'app', server: { tokenEndpoint: 'https://as.example/token' } }

  it('is told the path of what is wrong, and never its value', () => {
    const wrong = fc.constantFrom<readonly [string, object]>(
      ['clientId', { clientId: '' }],
      ['clientSecret', { clientSecret: ['n0t-this'] }],
      ['server.tokenEndpoint', { server: { tokenEndpoint: 'n0t-this' } }],
      ['server.issuer', { server: { tokenEndpoint: 'https://as.example/token', issuer: 1 } }],
      ['scope.1', { scope: ['a', 'n0t this'] }],
      ['origins.0', { origins: ['https://api.example/n0t-this'] }],
      ['parameters.a', { parameters: { a: 1 } }],
      ['"scopes"', { scopes: 'n0t-this' }],
      ['as', { as: 'user:1' }],
      ['later version', { version: 2 }],
    )
    fc.assert(
      fc.property(wrong, ([path, members]) => {
        const read = decodeProfileFile({ ...good, ...members })
        expect(read).toEqual({ _tag: 'Left', left: expect.stringContaining(path) })
        expect(JSON.stringify(read)).not.toMatch(/n0t.this/)
      }),
    )
    expect(decodeProfileFile(good)._tag).toBe('Right')
  })

  it(
    'that is wrong is an error of the configuration',
    withHome(async ({ run, writeProfile }) => {
      const file = await writeProfile('bad', { ...good, scope: 'read' })
      const { code, stderr } = await run(['token', '--profile', 'bad'])
      expect(code).toBe(3)
      expect(stderr).toContain('scope is not')
      expect(stderr).toContain(file)
    }),
  )
})

describe('curl', () => {
  it(
    'sends the token to the origins of the profile only, and renews it once at a 401',
    withHome(async ({ box, run, folder, expire }) => {
      const me = await run(['curl', `${box.url}/2.0/users/me`])
      expect(me.code).toBe(0)
      expect(JSON.parse(me.stdout)).toMatchObject({ type: 'user' })
      const [token = ''] = (await run(['token'])).stdout.trim().split('\n')
      const asked: unknown[] = []
      const evil = createServer((request, response) => {
        asked.push(request.headers)
        response.end()
      })
      await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve))
      const address = evil.address()
      const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : undefined}`
      const elsewhere = await run(['curl', `${origin}/`])
      await new Promise((resolve) => evil.close(resolve))
      expect(elsewhere.code).toBe(3)
      expect(elsewhere.stderr).toContain(`profile add default --update --origin ${origin}`)
      expect(asked).toEqual([])

      const file = join(folder, 'body.json')
      const into = await run(['curl', '-i', '-o', file, `${box.url}/2.0/users/me`])
      expect(into).toMatchObject({ code: 0, stdout: '' })
      expect(await readFile(file, 'utf8')).toMatch(/^HTTP 200 .*\n(.+: .*\n)+\n\{/)

      // A token that the server does not take any more: one renewal.
      await expire(Date.now() + 1_800_000)
      await fetch(box.endpoints.revoke, {
        method: 'POST',
        body: new URLSearchParams({ client_id: box.client.id, client_secret: box.client.secret, token }),
      })
      const before = box.counts().byEndpoint.token
      expect((await run(['curl', `${box.url}/2.0/users/me`])).code).toBe(0)
      expect(box.counts().byEndpoint.token).toBe(before + 1)

      const missing = await run(['curl', `${box.url}/2.0/files/0`])
      expect(missing.code).toBe(5)
      expect(missing.stderr).toMatch(/answered 404/)
      expect(missing.stdout).not.toBe('')
      expect((await run(['curl', `${box.url}/2.0/users/me`, '--', '-X', 'GET'])).code).toBe(0)
      for (const args of [['-H', 'n0t-this'], ['--', '--bogus'], ['-d', '@/no/such/file'], ['--json']]) {
        const { code, stderr } = await run(['curl', `${box.url}/2.0/users/me`, ...args])
        expect({ args, code }).toEqual({ args, code: 2 })
        expect(stderr).not.toContain('n0t-this')
      }
    }),
  )
})
