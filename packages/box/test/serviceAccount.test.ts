import * as Box from '@tessera/box'
import { memoryStore, Secret, type TokenSet, TokenSource } from '@tessera/core'
import type { PrivateKey, Signer } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { attempt, jwtParts, parameter, scripted, signer } from './support.js'

const keyPair = { publicKeyID: 'kid', privateKey: '-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n' }
const file = {
  boxAppSettings: { clientID: 'app', clientSecret: 'canary-secret', appAuth: keyPair },
  enterpriseID: '42',
}
const withoutKey = { ...file, boxAppSettings: { clientID: 'app', clientSecret: 'canary-secret' } }

const world = () => {
  const { env, ...seen } = scripted()
  const keys: PrivateKey[] = []
  const signed = (key: PrivateKey): Signer => {
    keys.push(key)
    return signer
  }
  return { ...seen, keys, env: { ...env, signer: signed } }
}

const run = async (options: Box.ServiceAccountOptions, w = world(), previous?: TokenSet) => {
  const result = await Box.serviceAccount(options)(attempt(previous))(w.env)()
  return { result, form: w.forms()[0] ?? [], keys: w.keys, urls: w.urls() }
}

const SHAPES: ReadonlyArray<readonly [string, (settings: unknown) => unknown]> = [
  ['the text of the file', JSON.stringify],
  ['its text as a Secret', (settings) => Secret.make('Settings', JSON.stringify(settings))],
  ['its text after an editor on Windows', (settings) => `\uFEFF${JSON.stringify(settings)}`],
  ['what is in it', (settings) => settings],
  ['what Box.settings returns', (settings) => Box.settings(settings)],
  ['checked settings', (settings) => E.toUnion(Box.settings(settings))],
]

test.each(SHAPES)('%s: an assertion where there is a key pair', async (_name, shaped) => {
  const { result, form, keys, urls } = await run({ settings: shaped(file) })
  expect(E.isRight(result)).toBe(true)
  expect(urls).toEqual(['https://api.box.com/oauth2/token'])
  expect(jwtParts(parameter(form, 'assertion')).claims).toMatchObject({ sub: '42', box_sub_type: 'enterprise' })
  expect(parameter(form, 'client_secret')).toBe('canary-secret')
  expect(keys.map(({ key, keyId, path }) => [Secret.open(key), keyId, path])).toEqual([
    [keyPair.privateKey, 'kid', 'boxAppSettings.appAuth'],
  ])
})

test.each(SHAPES)('%s: client credentials where there is none', async (_name, shaped) => {
  const { form, keys } = await run({ settings: shaped(withoutKey) })
  expect(form).toEqual([
    ['grant_type', 'client_credentials'],
    ['client_id', 'app'],
    ['client_secret', 'canary-secret'],
    ['box_subject_type', 'enterprise'],
    ['box_subject_id', '42'],
  ])
  expect(keys).toEqual([])
})

test('for a user, at another server, from a device', async () => {
  const server = Box.serverAt('http://127.0.0.1:1234')
  const { form, urls } = await run({ settings: file, user: '7', server, device: { id: 'd' } })
  expect(urls).toEqual([server.tokenEndpoint])
  expect(jwtParts(parameter(form, 'assertion')).claims).toMatchObject({ sub: '7', box_sub_type: 'user' })
  expect(parameter(form, 'box_device_id')).toBe('d')
  expect(parameter((await run({ settings: withoutKey, user: '7' })).form, 'box_subject_id')).toBe('7')
})

test('overrides, by Box.settings', async () => {
  const settings = Box.settings(withoutKey, { clientSecret: Secret.make('ClientSecret', 'another') })
  expect(parameter((await run({ settings })).form, 'client_secret')).toBe('another')
})

test('one signer for each environment, however often a token is renewed', async () => {
  const [here, there] = [world(), world()]
  const strategy = Box.serviceAccount({ settings: file })
  for (const { env } of [here, here, here, there, there, here]) await strategy(attempt())(env)()
  expect([here.keys.length, there.keys.length]).toEqual([1, 1])
  expect([here.forms().length, there.forms().length]).toEqual([4, 2])
})

const at = (change: object) => ({ ...file, boxAppSettings: { ...file.boxAppSettings, ...change } })

test.each([
  ['what is not JSON', '{ canary', { _tag: 'Malformed', path: 'settings', expected: 'JSON' }],
  ['an empty text', '', { _tag: 'Malformed', path: 'settings' }],
  ['nothing', undefined, { _tag: 'Misconfigured', field: 'settings' }],
  ['the name of a member only', {}, { _tag: 'Misconfigured', field: 'boxAppSettings' }],
  ['no client', at({ clientID: '' }), { _tag: 'Misconfigured', field: 'boxAppSettings.clientID' }],
  ['a number for the secret', at({ clientSecret: 42 }), { path: 'boxAppSettings.clientSecret' }],
  [
    'half a key pair',
    at({ appAuth: { publicKeyID: 'kid' } }),
    { _tag: 'Misconfigured', field: 'boxAppSettings.appAuth.privateKey' },
  ],
  [
    'no passphrase of an encrypted key',
    at({ appAuth: { ...keyPair, privateKey: '-----BEGIN ENCRYPTED PRIVATE KEY-----' } }),
    { field: 'boxAppSettings.appAuth.passphrase' },
  ],
  ['nobody to stand for', { ...file, enterpriseID: undefined }, { field: 'enterprise or user' }],
  ['what Box.settings refused', Box.settings({}), { _tag: 'Misconfigured', field: 'boxAppSettings' }],
])('%s: a Left that names the path, and no request', async (_name, settings, error) => {
  const { result, form } = await run({ settings })
  expect(result).toMatchObject(E.left(error))
  expect(JSON.stringify(result)).not.toContain('canary')
  expect(form).toEqual([])
})

test('the token remembers whom it stands for', async () => {
  expect((await run({ settings: file })).result).toMatchObject(E.right({ subject: O.some('enterprise:42') }))
})

test('[A11] in the place of the function of a key, a strategy of Box is told at once', () => {
  const client = Box.client({ id: 'app', secret: 's3cret' })
  const strategies: ReadonlyArray<unknown> = [
    Box.clientCredentials({ client, subject: Box.enterprise('42') }),
    Box.clientCredentials({ client, subject: () => E.right(Box.enterprise('42')) }),
    Box.jwt({ client, signer, subject: Box.enterprise('42') }),
    Box.serviceAccount({ settings: file }),
    Box.serviceAccount({ settings: withoutKey }),
    Box.developerToken(),
  ]
  for (const strategy of strategies) {
    // @ts-expect-error from JavaScript
    expect(() => TokenSource.keyed({ store: memoryStore() })(strategy)).toThrow('the strategy of each key')
  }
})
