/** Providers by their names: the presets, at servers that behave as the providers' pages say. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as Providers from '@tessera/providers'
import * as fc from 'fast-check'
import type { Page } from '../../providers/test/support/Page.js'
import { CLIENT, type PageServer, startPage } from '../../providers/test/support/pageServer.js'
import { pages } from '../../providers/test/support/pages.js'
import { decodeProfileFile } from '../src/profileFile.js'
import { type Home, withHome } from './support.js'

const SECRET = { TESSERA_CLIENT_SECRET: CLIENT.secret }

const profileOf = async ({ folder }: Home, name: string): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(join(folder, 'config', 'tessera', `${name}.json`), 'utf8'))

/** The options that lead a preset to a server of this machine that speaks like it. */
const optionsOf = (page: Page, { url }: PageServer): ReadonlyArray<string> => [
  ...['--provider', page.preset, '--client-id', CLIENT.id],
  ...Object.entries(page.variables ?? {}).flatMap(([name, value]) => ['--set', `${name}=${value}`]),
  ...['--authorization-endpoint', `${url}/${page.authorize}`, '--token-endpoint', `${url}/${page.token}`],
  ...(page.device === undefined ? [] : ['--device-authorization-endpoint', `${url}/${page.device.at}`]),
  ...(page.revocation === undefined ? [] : ['--revocation-endpoint', `${url}/${page.revocation.at}`]),
]

const withPage = (name: string, use: (home: Home, server: PageServer, page: Page) => Promise<void>) =>
  withHome(async (home) => {
    const page = pages.find(({ preset }) => preset === name)
    if (page === undefined) throw new Error(`there is no page of ${name}`)
    const server = await startPage(page)
    home.remember(CLIENT.secret)
    try {
      await use(home, server, page)
      expect(server.complaints).toEqual([])
    } finally {
      await server.close()
    }
  })

describe('a login with a provider of a name', () => {
  it.each(['github', 'slack', 'notion', 'google', 'salesforce', 'keycloak'])('%s, in the browser', (name) =>
    withPage(name, async ({ start, run, ...home }, server, page) => {
      const scope = name === 'notion' ? [] : ['--scope', 'a', '--scope', 'b']
      const login = start(['login', '--no-browser', '--profile', 'work', ...optionsOf(page, server), ...scope], SECRET)
      await fetch(await server.visit(await login.said(/http:\S+/)))
      expect(await login.ended).toMatchObject({ code: 0, stdout: '' })
      expect((await run(['inspect', '--profile', 'work'], SECRET)).stdout).toMatch(/refresh +held/)
      expect(await profileOf({ start, run, ...home }, 'work')).toMatchObject({ provider: name })

      const token = (await run(['token', '--profile', 'work'], SECRET)).stdout.trim()
      expect(server.isAlive(token)).toBe(true)
      if (page.revocation === undefined) return
      expect(await run(['revoke', '--profile', 'work'], SECRET)).toMatchObject({ code: 0 })
      expect(server.count('revocation')).toBe(1)
    })(),
  )

  it.each(['github', 'google', 'microsoft'])('%s, by a code', (name) =>
    withPage(name, async ({ start, run }, server, page) => {
      const args = ['login', '--device', '--profile', 'work', ...optionsOf(page, server), '--scope', 'a,b']
      const login = start(args, SECRET)
      await login.said(/type the code/)
      expect(await login.ended).toMatchObject({ code: 0, stdout: '' })
      expect(server.count('device')).toBe(2)
      const token = (await run(['token', '--profile', 'work'], SECRET)).stdout.trim()
      expect(server.isAlive(token)).toBe(true)
    })(),
  )

  it(
    'whose session is dead says to log in again, though the provider says so in a 200',
    withPage('github', async ({ start, run, expire }, server, page) => {
      const login = start(['login', '--no-browser', ...optionsOf(page, server), '--profile', 'work'], SECRET)
      await fetch(await server.visit(await login.said(/http:\S+/)))
      await login.ended
      server.end()
      await expire()
      expect(await run(['token', '--profile', 'work'], SECRET)).toMatchObject({ code: 4 })
    }),
  )

  it(
    'is to the profile of that provider, which it finds by the name',
    withPage('github', async ({ start, run }, server, page) => {
      const login = async (args: ReadonlyArray<string>) => {
        const begun = start(['login', '--no-browser', ...args], SECRET)
        await fetch(await server.visit(await begun.said(/http:\S+/)))
        return (await begun.ended).stderr
      }
      expect(await login(optionsOf(page, server))).toContain('to profile github')
      expect(await login(['--provider', 'github'])).toContain('to profile github')
      const names = JSON.parse((await run(['profile', 'list', '--json'])).stdout).profiles
      expect(names.map(({ name }: { readonly name: string }) => name)).toEqual(['default', 'github'])
    }),
  )

  it(
    'and of a tenant, is to the profile of that tenant',
    withPage('keycloak', async ({ start, run, writeProfile }, server, page) => {
      const endpoints = {
        authorizationEndpoint: `${server.url}/${page.authorize}`,
        tokenEndpoint: `${server.url}/${page.token}`,
      }
      for (const realm of ['acme', 'other']) {
        const variables = { ...page.variables, realm }
        const profile = { version: 1, provider: 'keycloak', variables, server: endpoints, clientId: CLIENT.id }
        await writeProfile(`of-${realm}`, { ...profile, clientSecret: CLIENT.secret })
      }
      const begun = start(['login', '--no-browser', '--provider', 'keycloak', '--set', 'realm=other'])
      await fetch(await server.visit(await begun.said(/http:\S+/)))
      expect((await begun.ended).stderr).toContain('to profile of-other')
      expect(await run(['token', '--profile', 'of-acme'])).toMatchObject({ code: 4 })
    }),
  )
})

describe('a profile of a provider of a name', () => {
  it(
    'has its name and variables alone; its endpoints are looked up',
    withHome(async (home) => {
      const { run } = home
      const add = [
        'profile',
        'add',
        'work',
        '--provider',
        'okta',
        '--client-id',
        'app',
        '--set',
        'domain=acme.okta.com',
      ]
      expect(await run(add)).toMatchObject({ code: 0 })
      const file = await profileOf(home, 'work')
      expect(file).toEqual({ version: 1, provider: 'okta', variables: { domain: 'acme.okta.com' }, clientId: 'app' })
      const shown = JSON.parse((await run(['profile', 'show', 'work', '--json'])).stdout)
      expect(shown).toMatchObject({
        provider: 'okta',
        variables: { domain: 'acme.okta.com' },
        issuer: 'https://acme.okta.com/oauth2/default',
        token_endpoint: 'https://acme.okta.com/oauth2/default/v1/token',
        origins: ['https://acme.okta.com'],
      })
      expect((await run(['profile', 'show', 'work'])).stdout).toMatch(/where +domain=acme\.okta\.com/)

      expect(await run(['profile', 'add', 'work', '--update', '--set', 'server=aus1'])).toMatchObject({ code: 0 })
      const updated = JSON.parse((await run(['profile', 'show', 'work', '--json'])).stdout)
      expect(updated.token_endpoint).toBe('https://acme.okta.com/oauth2/aus1/v1/token')
      expect(await run(['profile', 'add', 'work', '--update', '--provider', 'google'])).toMatchObject({ code: 0 })
      expect(await profileOf(home, 'work')).toEqual({ version: 1, provider: 'google', clientId: 'app' })
    }),
  )

  it(
    'that becomes one of another provider, or of another tenant, does not take its secret there',
    withHome(async (home) => {
      const { start, writeProfile, remember } = home
      remember('the-old-secret')
      const microsoft = { provider: 'microsoft', variables: { tenant: 'one' } }
      const changes: ReadonlyArray<readonly [object, ReadonlyArray<string>]> = [
        [microsoft, ['--set', 'tenant=two']],
        [microsoft, ['--provider', 'google']],
        [{ provider: 'github' }, ['--provider', 'google']],
      ]
      for (const [before, change] of changes) {
        const profile = { version: 1, ...before, clientId: 'a', clientSecret: 'the-old-secret' }
        await writeProfile('work', profile)
        const { code, stderr } = await start(['profile', 'add', 'work', '--update', ...change]).ended
        expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('is dropped') })
        expect(await profileOf(home, 'work')).not.toHaveProperty('clientSecret')
      }
    }),
  )

  it(
    'with a token endpoint of its own speaks like the provider, and sends it nothing',
    withHome(async ({ run }) => {
      const at = ['--authorization-endpoint', 'https://ghe.example/a', '--token-endpoint', 'https://ghe.example/t']
      await run(['profile', 'add', 'ghe', '--provider', 'github', '--client-id', 'app', ...at])
      const shown = JSON.parse((await run(['profile', 'show', 'ghe', '--json'])).stdout)
      expect(shown).toMatchObject({
        token_endpoint: 'https://ghe.example/t',
        issuer: null,
        revocation_endpoint: null,
        device_authorization_endpoint: null,
        origins: ['https://ghe.example'],
      })
    }),
  )

  it.each([
    ['a name that is mistyped', ['--provider', 'githb'], 'you meant github'],
    ['no name at all', ['--provider', 'nobody-knows-it'], 'one of box, asana'],
    ['a variable that is missing', ['--provider', 'okta'], '--set domain=…'],
    ['a variable that leads elsewhere', ['--provider', 'microsoft', '--set', 'tenant=x/../../evil'], '--set tenant=…'],
    ['a variable that it does not have', ['--provider', 'github', '--set', 'tenant=a'], 'no variables'],
    ['a variable of nobody', ['--issuer', 'https://as.example', '--set', 'tenant=a'], '--set has no effect'],
    ['an issuer beside the name', ['--provider', 'google', '--issuer', 'https://as.example'], '--issuer has no effect'],
    ['a variable of Box', ['--provider', 'box', '--set', 'tenant=a'], '--set has no effect'],
    ['no pair', ['--provider', 'okta', '--set', 'acme'], '--set is not NAME=VALUE'],
  ])('is refused with %s', (_, options, said) =>
    withHome(async ({ run }) => {
      const { code, stderr } = await run(['profile', 'add', 'work', '--client-id', 'app', ...options])
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(said) })
    })(),
  )

  it(
    'of Box is not made one of another provider',
    withHome(async ({ run }) => {
      const { code, stderr } = await run(['profile', 'add', 'default', '--update', '--provider', 'github'])
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('--provider has no effect') })
    }),
  )
})

test('a file that names a preset is read, and wrong ones are told without their values', () => {
  const good = {
    version: 1,
    provider: 'keycloak',
    variables: { url: 'https://k.example', realm: 'a' },
    clientId: 'app',
  }
  expect(decodeProfileFile(good)).toMatchObject({ _tag: 'Right', right: { chosen: { preset: Providers.keycloak } } })
  const wrong = fc.constantFrom<readonly [string, object]>(
    ['provider', { provider: 'n0t this' }],
    ['provider', { provider: 7 }],
    ['variables', { variables: { url: 'https://k.example', realm: 'n0t/this' } }],
    ['variables', { variables: { url: 'https://k.example' } }],
    ['variables', { variables: { ...good.variables, other: 'n0t-this' } }],
    ['variables.realm', { variables: { realm: 1 } }],
    ['"discovered"', { discovered: true }],
    ['server.tokenEndpoint', { server: { tokenEndpoint: 'n0t this' } }],
  )
  fc.assert(
    fc.property(wrong, ([path, members]) => {
      const read = decodeProfileFile({ ...good, ...members })
      expect(read).toEqual({ _tag: 'Left', left: expect.stringContaining(path) })
      expect(JSON.stringify(read)).not.toMatch(/n0t.this/)
    }),
  )
})

test('files of older versions are read', () => {
  const file = { version: 1, server: { tokenEndpoint: 'https://as.example/t' }, discovered: false, clientId: 'app' }
  expect(decodeProfileFile(file)._tag).toBe('Right')
  expect(decodeProfileFile({ ...file, variables: {} })).toMatchObject({ left: expect.stringContaining('"variables"') })
})
