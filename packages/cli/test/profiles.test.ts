import { chmod, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { AuthorizationServer } from '@tessera/oauth2'
import * as Providers from '@tessera/providers'
import type { Consent } from '@tessera/sandbox'
import * as fc from 'fast-check'
import * as O from 'fp-ts/lib/Option.js'
import type { Provider, SecretMethod } from '../src/provider.js'
import { otherwise } from '../src/providerOptions.js'
import { type Home, withHome } from './support.js'

const generic = { dialect: 'generic' } as const

const fileOf = ({ folder }: Home, name: string): string => join(folder, 'config', 'tessera', `${name}.json`)

const profileOf = async (home: Home, name: string): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(fileOf(home, name), 'utf8'))

/** Logs in by the address that the command tells. */
const loggedIn = async ({ box, start }: Home, args: ReadonlyArray<string>, consent: Consent = {}, variables = {}) => {
  const login = start(['login', '--no-browser', ...args], variables)
  await fetch(await box.grant(await login.said(/http:\S+authorize\S+/), consent))
  return login.ended
}

describe('a login', () => {
  it(
    'belongs to the profile that it was made for: two people, two tokens',
    withHome(async (home) => {
      const { box, run } = home
      const people = box.users.filter(({ kind }) => kind !== 'service account')
      const names = ['alice', 'bob']
      for (const [at, name] of names.entries()) {
        const args = ['--profile', name, '--issuer', box.endpoints.issuer, '--client-id', box.publicClient.id]
        const { id: user = '', name: person = '' } = people[at] ?? {}
        expect((await loggedIn(home, args, { user })).stderr).toContain(`logged in as ${person}`)
      }
      const tokens = await Promise.all(names.map((name) => run(['token', '--profile', name])))
      expect(new Set(tokens.map(({ stdout }) => stdout)).size).toBe(2)
      const list = await run(['store', 'list', '--json'])
      const sessions: ReadonlyArray<{ profile: string }> = JSON.parse(list.stdout).sessions
      expect(sessions.map(({ profile }) => profile).sort()).toEqual(names)
      const shown = (await run(['store', 'list'])).stdout
      for (const name of names) expect(shown).toContain(`/login/${name}`)

      // The end of the one is not the end of the other.
      expect((await run(['revoke', '--profile', 'bob'])).code).toBe(0)
      expect((await run(['token', '--profile', 'alice'])).stdout).toBe(tokens[0]?.stdout)
      expect((await run(['token', '--profile', 'bob'])).code).toBe(4)
    }, generic),
  )

  it(
    'whose tokens stay alive after a revocation is told so',
    withHome(async (home) => {
      const { box, run, writeProfile } = home
      const { token: tokenEndpoint, authorize: authorizationEndpoint } = box.endpoints
      await writeProfile('plain', {
        version: 1,
        server: { tokenEndpoint, authorizationEndpoint },
        clientId: box.publicClient.id,
      })
      expect((await loggedIn(home, ['--profile', 'plain'])).code).toBe(0)
      const token = (await run(['token', '--profile', 'plain'])).stdout.trim()
      const revoked = await run(['revoke', '--profile', 'plain'])
      expect(revoked.code).toBe(0)
      expect(revoked.stderr).toContain(
        `the session of profile plain is forgotten here; ${new URL(box.url).host} has no revocation endpoint, so its tokens stay alive there until they end`,
      )
      expect(box.isActive(token)).toBe(true)
      expect((await run(['revoke', '--profile', 'plain'])).stderr).toContain('there was no session')
    }, generic),
  )

  it(
    'leaves what was changed meanwhile in its profile',
    withHome(async (home) => {
      const { box, run, writeProfile, start } = home
      const server = { issuer: box.endpoints.issuer, tokenEndpoint: `${box.url}/moved` }
      await writeProfile('old', { version: 1, server, discovered: true, clientId: box.publicClient.id })
      const login = start(['login', '--no-browser', '--profile', 'old'])
      const url = await login.said(/http:\S+authorize\S+/)
      expect((await run(['profile', 'add', 'old', '--update', '--origin', 'https://api.example'])).code).toBe(0)
      await fetch(await box.grant(url))
      expect((await login.ended).code).toBe(0)
      expect(await profileOf(home, 'old')).toMatchObject({
        server: { tokenEndpoint: box.endpoints.token },
        origins: ['https://api.example'],
      })
    }, generic),
  )

  it(
    'by a code has the parameters of the profile',
    withHome(
      async ({ box, run, start }) => {
        const add = ['profile', 'add', 'tv', '--issuer', box.endpoints.issuer, '--client-id', box.publicClient.id]
        expect((await run([...add, '--parameter', 'audience=https://api.example'])).code).toBe(0)
        const login = start(['login', '--device', '--profile', 'tv'])
        await box.approveDevice(await login.said(/type the code (\S+)/))
        expect((await login.ended).code).toBe(0)
        const asked = box.requests().find(({ path }) => box.endpoints.deviceAuthorization.endsWith(path))
        expect(asked?.parameters).toContain('audience')
      },
      { ...generic, ttl: { interval: 1 } },
    ),
  )
})

describe('the secret of the environment', () => {
  const server = (box: Home['box']) => ({
    tokenEndpoint: box.endpoints.token,
    authorizationEndpoint: box.endpoints.authorize,
  })

  it(
    'goes to no client without a secret',
    withHome(async (home) => {
      const { box, run, writeProfile } = home
      const TESSERA_CLIENT_SECRET = 'of-another-provider'
      home.remember(TESSERA_CLIENT_SECRET)
      await writeProfile('public', { version: 1, server: server(box), clientId: box.publicClient.id })
      const shown = await run(['profile', 'show', 'public', '--json'], { TESSERA_CLIENT_SECRET })
      expect(JSON.parse(shown.stdout)).toMatchObject({ client_secret: 'none', authentication: 'none' })
      expect((await loggedIn(home, ['--profile', 'public'], {}, { TESSERA_CLIENT_SECRET })).code).toBe(0)
      const asked = box.requests().filter(({ endpoint }) => endpoint === 'token')
      expect(asked).toHaveLength(1)
      expect(asked[0]?.headers).not.toContain('authorization')
      expect(asked[0]?.parameters).not.toContain('client_secret')
      await writeProfile('service', { version: 1, server: server(box), clientId: box.client.id, as: 'service' })
      const variables = { TESSERA_CLIENT_SECRET: box.client.secret }
      expect((await run(['token', '--profile', 'service'], variables)).code).toBe(0)
    }, generic),
  )

  it(
    'makes a new profile one of a client with a secret',
    withHome(async (home) => {
      const { box, run } = home
      const variables = { TESSERA_CLIENT_SECRET: box.client.secret }
      home.remember(box.client.secret)
      const args = ['--profile', 'new', '--issuer', box.endpoints.issuer, '--client-id', box.client.id]
      expect((await loggedIn(home, args, {}, variables)).code).toBe(0)
      expect(await profileOf(home, 'new')).toMatchObject({ authentication: 'basic' })
      expect(JSON.stringify(await profileOf(home, 'new'))).not.toContain(box.client.secret)
      expect((await run(['token', '--profile', 'new'])).stderr).toContain('TESSERA_CLIENT_SECRET')
      expect((await run(['token', '--profile', 'new'], variables)).code).toBe(0)
    }, generic),
  )

  it(
    'or of the file is not kept for another client or server',
    withHome(async (home) => {
      const { run, writeProfile } = home
      const file = {
        version: 1,
        server: { tokenEndpoint: 'https://as.example/token', revocationEndpoint: 'https://as.example/revoke' },
        clientId: 'app',
        clientSecret: 'n0t-yours',
      }
      home.remember('n0t-yours')
      const update = ['profile', 'add', 'kept', '--update']
      for (const args of [
        ['--client-id', 'other'],
        ['--token-endpoint', 'https://other.example/token'],
      ]) {
        await writeProfile('kept', file)
        const { code, stderr } = await run([...update, ...args])
        expect(code).toBe(0)
        expect(stderr).toContain('the saved client secret is dropped')
        expect(await profileOf(home, 'kept')).not.toHaveProperty('clientSecret')
      }
      await writeProfile('kept', file)
      expect((await run([...update, '--token-endpoint', 'https://as.example/oauth/token'])).code).toBe(0)
      expect(await profileOf(home, 'kept')).toMatchObject({ clientSecret: 'n0t-yours' })
      // A client that cannot do without is not saved without.
      await writeProfile('kept', { ...file, as: 'service' })
      const refused = await run([...update, '--client-id', 'other'])
      expect(refused.code).toBe(2)
      expect(refused.stderr).toContain('--secret-stdin')
      expect(await profileOf(home, 'kept')).toMatchObject({ clientId: 'app', clientSecret: 'n0t-yours' })
    }),
  )
})

describe('an option', () => {
  const server = {
    issuer: 'https://as.example',
    tokenEndpoint: 'https://as.example/token',
    authorizationEndpoint: 'https://as.example/authorize',
  }

  it(
    'that names an endpoint changes that one, and nothing else',
    withHome(async (home) => {
      await home.writeProfile('work', { version: 1, server, discovered: true, clientId: 'app' })
      const update = ['profile', 'add', 'work', '--update']
      expect((await home.run([...update, '--revocation-endpoint', 'https://as.example/revoke'])).code).toBe(0)
      expect((await home.run([...update, '--device-authorization-endpoint', 'https://as.example/device'])).code).toBe(0)
      expect((await home.run([...update, '--token-endpoint', 'https://as.example/oauth/token'])).code).toBe(0)
      expect(await profileOf(home, 'work')).toMatchObject({
        discovered: false,
        server: {
          ...server,
          tokenEndpoint: 'https://as.example/oauth/token',
          revocationEndpoint: 'https://as.example/revoke',
          deviceAuthorizationEndpoint: 'https://as.example/device',
        },
      })
    }),
  )

  it(
    'without effect is refused, and so is the command that has it',
    withHome(async (home) => {
      const { run, writeProfile } = home
      await writeProfile('work', { version: 1, server, clientId: 'app', origins: ['https://api.example'] })
      const box = ['profile', 'add', 'mine', '--provider', 'box', '--client-id', 'app']
      const update = ['profile', 'add', 'default', '--update']
      const login = ['login', '--no-browser', '--profile', 'work']
      const all: ReadonlyArray<readonly [string, ReadonlyArray<string>, string]> = [
        ['--origin', [...login, '--origin', 'https://other.example'], 'profile add work --update'],
        ['--parameter', [...login, '--parameter', 'audience=x'], 'profile add work --update'],
        ['--secret-stdin', [...login, '--secret-stdin'], 'profile add work --update'],
        ['--authentication', [...login, '--authentication', 'post'], 'profile add work --update'],
        ['--allow-http', [...login, '--allow-http', 'http://as.example'], 'profile add work --update'],
        [
          '--revocation-endpoint',
          [...login, '--revocation-endpoint', 'https://as.example/r'],
          'profile add work --update',
        ],
        ['--issuer', [...box, '--issuer', 'https://as.example'], 'Box'],
        ['--scope', [...box, '--scope', 'a'], 'Box'],
        ['--parameter', [...box, '--parameter', 'a=b'], 'Box'],
        ['--issuer', [...update, '--issuer', 'https://as.example'], 'Box'],
        ['--scope', [...update, '--scope', 'a'], 'Box'],
        ['--token-endpoint', [...update, '--token-endpoint', 'https://as.example/token'], 'Box'],
        ['--provider', ['profile', 'add', 'work', '--update', '--provider', 'box'], 'profile add'],
        ['--config', ['profile', 'show', 'work', '--config', home.config], 'profile show'],
      ]
      for (const [option, args, next] of all) {
        const { code, stderr } = await run(args)
        expect({ args, code, stderr }).toEqual({
          args,
          code: 2,
          stderr: expect.stringMatching(new RegExp(`${option} [^]*${next}`)),
        })
      }
      expect(await profileOf(home, 'work')).not.toHaveProperty('parameters')
      const shown = await run(['profile', 'show', '--config', fileOf(home, 'work'), '--json'])
      expect(JSON.parse(shown.stdout)).toMatchObject({ client_id: 'app' })
    }),
  )

  it(
    'of which a part is not saved is told so',
    withHome(async (home) => {
      home.remember('n0t-this')
      const { code, stderr } = await home.run([
        ...['profile', 'add', 'shared', '--token-endpoint', 'https://as.example/token', '--client-id', 'app'],
        ...['--store', 'redis://ada:n0t-this@redis.example'],
      ])
      expect(code).toBe(0)
      expect(stderr).toContain('TESSERA_REDIS_USER and TESSERA_REDIS_PASSWORD')
      expect(await profileOf(home, 'shared')).toMatchObject({ store: 'redis://redis.example:6379/0' })
    }),
  )
})

describe('the options of a login', () => {
  const text = fc.constantFrom('a', 'b', 'c')
  const origins = fc.uniqueArray(fc.constantFrom('http://127.0.0.1:1', 'http://127.0.0.1:2', 'http://127.0.0.1:3'))
  const endpoint = text.map((path) => `https://as.example/${path}`)

  it('that say what its profile says are heeded, and of the others each is named', () => {
    const saved = fc.record({
      authentication: fc.constantFrom<SecretMethod>('basic', 'post'),
      parameter: fc.dictionary(text, text),
      set: fc.dictionary(text, text),
      origin: origins,
      allowHttp: origins,
      tokenEndpoint: endpoint,
      authorizationEndpoint: endpoint,
      revocationEndpoint: endpoint,
      deviceAuthorizationEndpoint: endpoint,
    })
    const names = ['authentication', 'tokenEndpoint', 'authorizationEndpoint', 'revocationEndpoint'] as const
    fc.assert(
      fc.property(saved, saved, (one, other) => {
        const provider: Provider = {
          _tag: 'OAuth',
          server: AuthorizationServer.make(one),
          chosen: O.some({ preset: Providers.okta, variables: one.set }),
          discovered: false,
          clientId: 'app',
          clientSecret: O.none,
          authentication: O.some(one.authentication),
          scope: [],
          parameters: one.parameter,
          origins: one.origin,
          allowHttp: one.allowHttp,
        }
        expect(otherwise(one, provider)).toEqual(['secretStdin'])
        const told = otherwise(other, provider)
        for (const name of names) expect(told.includes(name)).toBe(one[name] !== other[name])
        expect(told.includes('origin')).toBe(other.origin.some((each) => !one.origin.includes(each)))
        for (const name of ['parameter', 'set'] as const) {
          const isOther = Object.entries(other[name]).some(([each, value]) => one[name][each] !== value)
          expect(told.includes(name)).toBe(isOther)
        }
      }),
    )
  })
})

describe('a profile', () => {
  const server = { tokenEndpoint: 'https://as.example/token' }

  it(
    'that is not named where there is no default is told by the names that there are',
    withHome(async (home) => {
      const { run, writeProfile } = home
      await writeProfile('open', { version: 1, server, clientId: 'app' })
      expect((await run(['profile', 'remove', 'default', '--yes'])).code).toBe(0)
      const unnamed = await run(['token'])
      expect(unnamed.code).toBe(3)
      expect(unnamed.stderr).toContain('name one by --profile: open')
      // One that an argument names is another matter.
      expect((await run(['profile', 'show', 'opem'])).stderr).toContain('you meant open')
      const empty = await run(['profile', 'show', '--json'], { TESSERA_PROFILE: '' })
      expect(empty.stderr + empty.stdout).toContain('name one by --profile: open')
      expect((await run(['store', 'list'], { TESSERA_PROFILE: '' })).code).toBe(0)
    }),
  )

  it(
    'of a login at an address of IPv6 has a name that the command takes',
    withHome(async ({ run }) => {
      // Nothing listens there: it has been asked all the same.
      const { code } = await run(['login', '--issuer', 'http://[::1]:1', '--client-id', 'app', '--timeout', '5'])
      expect(code).toBe(6)
    }),
  )

  it(
    '[A18] that others can write is told of, although it holds no secret; nobody is told while he is typing',
    withHome(async ({ run, writeProfile }) => {
      const file = await writeProfile('bare', { version: 1, server, clientId: 'app' })
      const folder = dirname(file)
      const said = async (...args: ReadonlyArray<string>) => {
        const { code, stderr } = await run(['--profile', 'bare', ...args])
        expect(code).toBe(0)
        return stderr
      }
      expect(await said('profile', 'show')).toBe('')
      await chmod(file, 0o622)
      const itself = `others can change ${file}: it has mode 0622, by which others can write it. Mend it by: chmod go-w '${file}'`
      expect(await said('profile', 'show')).toBe(`${itself}\n`)
      expect(await said('store', 'list')).toContain(itself)
      expect(await said('complete', '--', '--profile', 'bare', 'store', 'inspect', '')).toBe('')
      await chmod(file, 0o644)
      await chmod(folder, 0o777)
      expect(await said('profile', 'show')).toBe(
        `others can change ${file}: the folder '${folder}' has mode 0777, by which others can replace it. Mend it by: chmod go-w '${folder}'\n`,
      )
      await chmod(folder, 0o755)
      expect(await said('profile', 'show')).toBe('')
    }),
  )

  it(
    '[A18] that is removed leaves no secret that a killed command was writing; those of others stay',
    withHome(async ({ run, writeProfile }) => {
      const file = await writeProfile('gone', { version: 1, server, clientId: 'app', clientSecret: 'n0t-this' })
      const folder = dirname(file)
      const names = ['.gone.json.0123456789ab', '.other.json.0123456789ab', '.gone.json.mine']
      for (const name of names) await writeFile(join(folder, name), 'n0t-this', { mode: 0o600 })
      expect((await run(['profile', 'remove', 'gone', '--yes'])).code).toBe(0)
      expect((await readdir(folder)).sort()).toEqual(['.gone.json.mine', '.other.json.0123456789ab', 'default.json'])
    }),
  )

  it(
    '[A18] that is a link is removed as such: beside it, too, no secret is left, and it is said that the file stays',
    withHome(async ({ run, writeProfile, folder: home }) => {
      const link = join(dirname(await writeProfile('gone', '')), 'gone.json')
      const target = join(home, 'kept.json')
      await rm(link)
      await writeFile(target, JSON.stringify({ version: 1, server, clientId: 'app' }), { mode: 0o600 })
      await symlink(target, link)
      const drafts = [join(dirname(link), '.gone.json.0123456789ab'), join(dirname(target), '.kept.json.0123456789ab')]
      for (const draft of drafts) await writeFile(draft, 'n0t-this', { mode: 0o600 })
      const { code, stderr } = await run(['profile', 'remove', 'gone', '--yes'])
      expect({ code, stderr }).toEqual({ code: 0, stderr: `removed profile gone; ${target}, to which it led, stays\n` })
      expect(await readdir(dirname(link))).toEqual(['default.json'])
      expect(await readdir(home)).not.toContain('.kept.json.0123456789ab')
      expect(await readFile(target, 'utf8')).toContain('app')
    }),
  )

  it(
    'with a secret that others can read is told of',
    withHome(async (home) => {
      const { run, writeProfile } = home
      const file = await writeProfile('open', { version: 1, server, clientId: 'app', clientSecret: 'n0t-this' })
      home.remember('n0t-this')
      await chmod(file, 0o644)
      expect((await run(['profile', 'show', 'open'])).stderr).toContain(`chmod 600 ${file}`)
      await chmod(file, 0o600)
      expect((await run(['profile', 'show', 'open'])).stderr).not.toContain('chmod')
      const bare = await writeProfile('bare', { version: 1, server, clientId: 'app' })
      await chmod(bare, 0o644)
      expect((await run(['profile', 'show', 'bare'])).stderr).not.toContain('chmod')
    }),
  )
})
