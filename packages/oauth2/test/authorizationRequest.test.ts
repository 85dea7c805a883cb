import { inspect } from 'node:util'
import { AuthError, Secret } from '@tessera/core'
import { codePoints, urls } from '@tessera/testing'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { authorizationRequest, Client, codeChallenge, Provider } from '../src/index.js'
import { client, endpoints, left, missing, right, there, world } from './support.js'

const { env } = world()
const begin = (options: Partial<Parameters<typeof authorizationRequest>[0]> = {}) =>
  right(authorizationRequest({ client, ...options })(env)())
const names = (url: string) => Array.from(new URL(url).searchParams.keys())

test('S-OAUTH2-01 the order of the parameters', () => {
  const { url } = begin({ redirectUri: 'https://app.example/cb', scope: ['a', 'b'], extra: { prompt: 'login' } })
  expect(names(url)).toEqual([
    'state',
    'response_type',
    'client_id',
    'redirect_uri',
    'scope',
    'code_challenge',
    'code_challenge_method',
    'prompt',
  ])
  expect(new URL(url).searchParams.get('scope')).toBe('a b')
})

test('S-OAUTH2-01 no redirect_uri and no scope where none is given', () => {
  expect(names(begin().url)).toEqual(['state', 'response_type', 'client_id', 'code_challenge', 'code_challenge_method'])
})

test('OpenID Connect Core §3.1.2.1: a nonce of 131 bits, fresh each time, where the scope has openid', () => {
  const begun = Array.from({ length: 50 }, () => begin({ scope: ['openid', 'email'], extra: { prompt: 'login' } }))
  for (const { url, nonce, state } of begun) {
    expect(new URL(url).searchParams.get('nonce')).toMatch(/^[A-Za-z0-9]{22}$/)
    expect(nonce && Secret.open(nonce)).toBe(new URL(url).searchParams.get('nonce'))
    expect(nonce && Secret.open(nonce)).not.toBe(Secret.open(state))
    expect(names(url).slice(-3)).toEqual(['code_challenge_method', 'nonce', 'prompt'])
  }
  expect(new Set(begun.map(({ nonce }) => nonce && Secret.open(nonce))).size).toBe(50)
  expect(begin({ scope: ['open', 'id'] })).toHaveProperty('nonce', undefined)
})

test('S-OAUTH2-01 UTF-8, percent-encoded, comes back', () => {
  fc.assert(
    fc.property(urls, fc.string({ unit: codePoints }), fc.string({ unit: 'grapheme' }), (url, query, prompt) => {
      const redirectUri = `${url}?q=${encodeURIComponent(query)}`
      const { searchParams } = new URL(begin({ redirectUri, extra: { prompt } }).url)
      expect(searchParams.get('redirect_uri')).toBe(redirectUri)
      expect(searchParams.get('prompt')).toBe(prompt)
    }),
  )
})

test('S-OAUTH2-02 a state can be given, with a prefix or whole', () => {
  expect(Secret.open(begin({ statePrefix: 'box_csrf_token_' }).state)).toMatch(/^box_csrf_token_[A-Za-z0-9]{22}$/)
  expect(Secret.open(begin({ state: 'mine' }).state)).toBe('mine')
  expect(Secret.open(begin({ state: Secret.make('State', 'mine') }).state)).toBe('mine')
})

test.each(['', Secret.make('State', '')])('RFC 6749 §10.12: an empty state protects nothing (%#)', (state) => {
  expect(left(authorizationRequest({ client, state })(env)())).toMatchObject({ _tag: 'Misconfigured', field: 'state' })
})

test('RFC 6749 §10.10: a state of at least 128 bits, fresh each time', () => {
  const states = Array.from({ length: 200 }, () => Secret.open(begin().state))
  expect(new Set(states).size).toBe(200)
  for (const state of states) expect(state.length * Math.log2(62)).toBeGreaterThanOrEqual(128)
})

test('RFC 7636 §4.3: the challenge is that of the verifier, by S256', () => {
  const { url, verifier } = begin()
  const { searchParams } = new URL(url)
  expect(searchParams.get('code_challenge')).toBe(codeChallenge(env.digest)(there(verifier)))
  expect(searchParams.get('code_challenge_method')).toBe('S256')
})

test.each([
  'code_challenge_method',
  'response_type',
  'state',
  'client_id',
  'redirect_uri',
  'scope',
  'code_challenge',
  'nonce',
])('RFC 9700 §2.1.1: extra cannot set %s (no plain, no implicit grant)', (name) => {
  expect(left(authorizationRequest({ client, extra: { [name]: 'plain' } })(env)())).toMatchObject({
    _tag: 'Misconfigured',
    field: 'extra',
  })
})

test('a parameter or a state that is not text is Misconfigured', () => {
  const own = Client.make({ id: missing, ...endpoints })
  expect(left(authorizationRequest({ client: own })(env)())).toEqual(
    AuthError.misconfigured('parameters', 'client_id is not text but undefined: is a setting missing?'),
  )
  expect(left(authorizationRequest({ client, extra: { prompt: missing } })(env)())).toEqual(
    AuthError.misconfigured('parameters', 'prompt is not text but undefined: is a setting missing?'),
  )
  const state = JSON.parse('null')
  expect(left(authorizationRequest({ client, state })(env)())).toMatchObject({ _tag: 'Misconfigured', field: 'state' })
})

test('RFC 6749 §3.1: a query of the endpoint is kept', () => {
  const own = Client.make({ id: 'app', ...endpoints, authorizationEndpoint: 'https://as.example/authorize?p=1' })
  expect(begin({ client: own }).url).toMatch(/^https:\/\/as\.example\/authorize\?p=1&state=/)
})

test.each([undefined, 'http://as.example/authorize', 'javascript:alert(1)', 'https://as.example/#f', 'nonsense'])(
  'a server with the authorization endpoint %s is Misconfigured',
  (authorizationEndpoint) => {
    const own = Client.make({ id: 'app', tokenEndpoint: endpoints.tokenEndpoint, authorizationEndpoint })
    expect(left(authorizationRequest({ client: own })(env)())).toMatchObject({
      _tag: 'Misconfigured',
      field: 'authorizationEndpoint',
    })
  },
)

test('state, verifier and nonce are not shown', () => {
  const transaction = begin({ state: 'C4NARY-state', scope: ['openid'] })
  const shown =
    inspect({ ...transaction, url: '' }, { depth: 9, showHidden: true }) + JSON.stringify({ ...transaction, url: '' })
  expect(shown).not.toContain('C4NARY')
  expect(shown).not.toContain(Secret.open(there(transaction.verifier)))
  expect(shown).not.toContain(new URL(transaction.url).searchParams.get('nonce'))
})

// Slack's page “Using PKCE”: a challenge of an app that has not switched it on is `pkce_not_allowed`.
test('a provider that takes no challenge of a client with a secret gets none; a public client always has one', () => {
  const provider: Provider = { ...Provider.rfc, pkce: 'public' }
  const confidential = begin({ client: Client.make({ id: 'app', secret: 's', ...endpoints, provider }) })
  expect(names(confidential.url)).toEqual(['state', 'response_type', 'client_id'])
  expect(confidential.verifier).toBeUndefined()
  const open = begin({ client: Client.make({ id: 'app', ...endpoints, provider }) })
  expect(names(open.url)).toContain('code_challenge')
  expect(new URL(open.url).searchParams.get('code_challenge')).toBe(codeChallenge(env.digest)(there(open.verifier)))
})

test('offline access, and what every request has, are as the provider says; what the caller says comes first', () => {
  const provider: Provider = {
    ...Provider.rfc,
    authorizationParameters: { owner: 'user' },
    offline: { scope: ['offline_access'], parameters: { access_type: 'offline', prompt: 'consent' } },
  }
  const own = Client.make({ id: 'app', ...endpoints, provider })
  const asked = (options: Partial<Parameters<typeof authorizationRequest>[0]>) => {
    const { searchParams } = new URL(begin({ client: own, ...options }).url)
    return ['scope', 'access_type', 'prompt', 'owner'].map((name) => searchParams.get(name))
  }
  expect(asked({ scope: ['a'] })).toEqual(['a', null, null, 'user'])
  expect(asked({ scope: ['a'], offline: false })).toEqual(['a', null, null, 'user'])
  expect(asked({ scope: ['a'], offline: true })).toEqual(['a offline_access', 'offline', 'consent', 'user'])
  expect(asked({ offline: true })).toEqual(['offline_access', 'offline', 'consent', 'user'])
  expect(asked({ scope: ['offline_access', 'a'], offline: true, extra: { prompt: 'login', owner: 'me' } })).toEqual([
    'offline_access a',
    'offline',
    'login',
    'me',
  ])
})

test('each run is another transaction', () => {
  const request = authorizationRequest({ client })
  expect(E.isRight(request(env)())).toBe(true)
  expect(right(request(env)()).url).not.toBe(right(request(env)()).url)
})

test('a state without a prefix is letters and digits alone', () => {
  const made = right(authorizationRequest({ client })(world().env)())
  expect(Secret.open(made.state)).toMatch(/^[A-Za-z0-9]{22}$/)
})
