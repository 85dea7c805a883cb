import { AuthError, Secret } from '@tessera/core'
import { nodeEnv } from '@tessera/node'
import { authorizationRequest, ClientAuthentication, Provider } from '@tessera/oauth2'
import { codePoints } from '@tessera/testing'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Providers from '../src/index.js'
import { left, right } from './support/session.js'

const { all } = Providers

/** Values that are right, of each variable of a preset. */
const examplesOf = ({ variables }: Providers.Preset): Record<string, string> =>
  Object.fromEntries(Object.entries(variables).map(([name, { example }]) => [name, example]))

const given = (preset: Providers.Preset, variables: Record<string, string | undefined> = examplesOf(preset)) =>
  Providers.endpoints({ preset, variables, clientId: 'app' })

const variablesOfAll = all.flatMap((preset) =>
  Object.entries(preset.variables).map(([name, variable]) => ({ preset, name, variable })),
)

// -----------------------------------------------------------------------------
// variables
// -----------------------------------------------------------------------------

test.each(all.map((preset) => [preset.name, preset] as const))(
  '%s: its endpoints are https, and complete',
  (_, preset) => {
    const found = right(given(preset))
    for (const url of Object.values(found)) {
      expect(url).toBeDefined()
      expect(new URL(url ?? '').protocol).toBe('https:')
      expect(url).not.toMatch(/[{}]/)
    }
    expect(Object.keys(found).sort()).toEqual(Object.keys(preset.endpoints).sort())
  },
)

test.each(variablesOfAll.filter(({ variable }) => variable.default === undefined))(
  '$preset.name: without $name it is Misconfigured by that name',
  ({ preset, name, variable }) => {
    const error = left(given(preset, { ...examplesOf(preset), [name]: undefined }))
    expect(error).toMatchObject({ _tag: 'Misconfigured', field: name })
    expect(AuthError.show.show(error)).toContain(variable.example)
    const variables = { ...examplesOf(preset), [name]: undefined }
    expect(() => Providers.client({ preset, variables, id: 'app' })).toThrow(`misconfigured: ${name}: `)
  },
)

test.each(variablesOfAll.filter(({ variable }) => variable.default !== undefined))(
  '$preset.name: $name has a default that is one of its values',
  ({ preset, name, variable }) => {
    expect(right(given(preset, { ...examplesOf(preset), [name]: undefined }))).toEqual(
      right(given(preset, { ...examplesOf(preset), [name]: variable.default })),
    )
  },
)

test('a variable that a preset does not have is Misconfigured by its name', () => {
  const error = left(Providers.endpoints({ preset: Providers.gitlab, variables: { tenant: 'acme' } }))
  expect(error).toMatchObject({ _tag: 'Misconfigured', field: 'tenant', message: expect.stringContaining('url') })
  const none = left(Providers.endpoints({ preset: Providers.github, variables: { tenant: 'acme' } }))
  expect(none).toMatchObject({ field: 'tenant', message: expect.stringContaining('no variables') })
})

/** What could lead elsewhere, beside any text. */
const hostile = fc.oneof(
  fc.constantFrom(
    '',
    '.',
    '..',
    'x/../../evil',
    '../evil',
    'evil.example/',
    'evil.example#',
    'evil.example?',
    'evil.example:443@',
    'a@evil.example',
    'evil.example\\',
    '%2e%2e%2fevil',
    'acme.okta.com.evil.example/x',
    'acme.okta.com\n',
    ' acme.okta.com',
    '//evil.example',
    'https://evil.example@gitlab.com',
    'https://gitlab.com/../..',
    'https://gitlab.com/a/../b',
    'https://gitlab.com?x=',
    'https://gitlab.com#',
    'javascript:alert(1)//',
    '127.0.0.1',
    '169.254.169.254',
    'localhost',
    '[::1]',
    '{client_id}',
    '$&',
  ),
  fc.string({ maxLength: 30 }),
  fc.string({ unit: fc.constantFrom(...'ab.-_/\\@:?#%{}$&~ \n'), maxLength: 20 }),
)

const partsOf = (url: string | undefined) => {
  const { origin, pathname, search, hash, username, password } = new URL(url ?? '')
  return { origin, length: pathname.split('/').length, rest: search + hash + username + password, pathname }
}

test.each(variablesOfAll)(
  '$preset.name: no $name leads elsewhere than its place allows',
  ({ preset, name, variable }) => {
    const usual = right(given(preset))
    const isBase = /^https?:/.test(variable.example)
    const isHost = Object.values(preset.endpoints).some((template) => template?.includes(`//{${name}}`))
    fc.assert(
      fc.property(hostile, (value) => {
        const found = given(preset, { ...examplesOf(preset), [name]: value })
        if (E.isLeft(found)) {
          expect(found.left).toMatchObject({ _tag: 'Misconfigured', field: name })
          return
        }
        for (const [which, url] of Object.entries(found.right)) {
          const [now, before] = [partsOf(url), partsOf(Reflect.get(usual, which))]
          expect(now.rest).toBe('')
          expect(now.pathname).not.toMatch(/\/\.{1,2}(?:\/|$)|%|\\/)
          if (isBase) expect(now.origin.endsWith(new URL(value).host)).toBe(true)
          else if (!isHost) expect(now).toMatchObject({ origin: before.origin, length: before.length })
          else if (String(Reflect.get(preset.endpoints, which)).includes(`{${name}}`)) {
            expect(now).toMatchObject({ origin: `https://${value.toLowerCase()}`, length: before.length })
          }
        }
      }),
      { numRuns: 300 },
    )
  },
)

test('an error does not repeat a value', () => {
  const error = left(Providers.endpoints({ preset: Providers.microsoft, variables: { tenant: 's3cret/x' } }))
  expect(AuthError.show.show(error)).not.toContain('s3cret')
})

test("a client's id stays one part of a path", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.constantFrom('.', '..', 'a/../../b', 'a?b', 'a#b', ''), fc.string({ unit: codePoints })),
      (clientId) => {
        const found = Providers.endpoints({ preset: Providers.github, clientId })
        if (E.isLeft(found) || found.right.revocation === undefined) return
        const { origin, pathname, search, hash } = new URL(found.right.revocation)
        expect([origin, pathname.split('/').length, search, hash]).toEqual(['https://api.github.com', 4, '', ''])
      },
    ),
  )
  expect(right(Providers.endpoints({ preset: Providers.github })).revocation).toBeUndefined()
  expect(O.isNone(Providers.server({ preset: Providers.github }).revocationEndpoint)).toBe(true)
})

test.each(['\ud800', 'a\udc00b'])("a client's id with half of a character is Misconfigured: %j", (id) => {
  for (const preset of [Providers.github, Providers.gitlab]) {
    const wrong = left(Providers.endpoints({ preset, clientId: id }))
    expect(wrong).toMatchObject({ _tag: 'Misconfigured', field: 'id' })
    expect(() => Providers.server({ preset, clientId: id })).toThrow('misconfigured: id: ')
    expect(() => Providers.client({ preset, id })).toThrow('misconfigured: id: ')
  }
  right(Providers.endpoints({ preset: Providers.github, clientId: '\u{1f600}' }))
})

// -----------------------------------------------------------------------------
// clients
// -----------------------------------------------------------------------------

test('a client has its secret where the provider wants it, or none', () => {
  for (const preset of all) {
    const options = { preset, variables: examplesOf(preset), id: 'app' }
    const expected = preset.authentication === 'client_secret_post' ? 'Post' : 'Basic'
    expect(Providers.client({ ...options, secret: 's3cret' }).authentication._tag).toBe(expected)
    expect(Providers.client({ ...options, secret: Secret.make('ClientSecret', 's3cret') }).authentication._tag).toBe(
      expected,
    )
    expect(Providers.client(options).authentication._tag).toBe('None')
    const authentication = ClientAuthentication.basic('s3cret')
    expect(Providers.client({ ...options, authentication }).authentication).toBe(authentication)
  }
})

test('a setting that is missing is no public client', () => {
  const { secret }: { readonly secret: string } = JSON.parse('{}')
  expect(() => Providers.client({ preset: Providers.github, id: 'app', secret })).toThrow('secret')
})

test('http is for the network that is listed', () => {
  const options = { preset: Providers.keycloak, variables: { url: 'http://keycloak:8080', realm: 'dev' }, id: 'app' }
  const begin = (client: ReturnType<typeof Providers.client>) => authorizationRequest({ client })(nodeEnv())()
  expect(left(begin(Providers.client(options)))).toMatchObject({ field: 'authorizationEndpoint' })
  right(begin(Providers.client({ ...options, allowHttp: ['http://keycloak:8080'] })))
})

// -----------------------------------------------------------------------------
// sources
// -----------------------------------------------------------------------------

/** What a preset claims that `Provider.rfc` does not. */
const claims = (preset: Providers.Preset): ReadonlyArray<Providers.Topic> => {
  const { provider, refreshTokens } = preset
  const differs = (...members: ReadonlyArray<keyof typeof provider>) =>
    members.some((member) => JSON.stringify(provider[member]) !== JSON.stringify(Provider.rfc[member]))
  const isClaimed: Readonly<Record<Providers.Topic, boolean>> = {
    endpoints: true,
    grants: true,
    authentication: true,
    pkce: preset.pkce !== 'not documented' || differs('pkce'),
    iss: preset.iss,
    scopes: differs('scopeSeparator', 'scopeMember'),
    requests: differs('requests', 'authorizationParameters'),
    offline: differs('offline'),
    answers: differs('tokenTypes', 'tokenTypeRequired'),
    errors: differs('deadGrants', 'busyGrants', 'serverErrors'),
    'refresh tokens': refreshTokens !== undefined && refreshTokens.rotation !== 'not documented',
    revocation: preset.endpoints.revocation !== undefined || differs('revocation'),
    person: preset.endpoints.userinfo !== undefined || differs('person'),
  }
  return TOPICS.filter((topic) => isClaimed[topic])
}

const TOPICS: ReadonlyArray<Providers.Topic> = [
  'endpoints',
  'grants',
  'authentication',
  'pkce',
  'iss',
  'scopes',
  'requests',
  'offline',
  'answers',
  'errors',
  'refresh tokens',
  'revocation',
  'person',
]

test.each(all.map((preset) => [preset.name, preset] as const))(
  '%s: nothing is claimed without a source',
  (_, preset) => {
    const said = new Set(preset.sources.flatMap(({ about }) => about))
    expect(claims(preset).filter((topic) => !said.has(topic))).toEqual([])
    for (const { url, seen } of preset.sources) {
      expect(new URL(url).protocol).toBe('https:')
      expect(seen).toMatch(/^\d{4}-\d\d-\d\d$/)
    }
  },
)

test('names are unique, and can be typed', () => {
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length)
  for (const { name, variables } of all) {
    expect(name).toMatch(/^[a-z][a-z0-9-]*$/)
    for (const variable of Object.keys(variables)) expect(variable).toMatch(/^[a-z]+$/)
  }
})
