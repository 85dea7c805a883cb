/** What an error says of a body that is not as it should be. */
import { AuthError, Secret } from '@tessera/core'
import * as t from 'io-ts'
import { deviceAuthorizationResponse, metadataResponse, tokenResponse } from '../src/index.js'
import { decodeJson } from '../src/internal/json.js'
import { left, NOW, right } from './support.js'

const body = (value: unknown) => Secret.make('Body', typeof value === 'string' ? value : JSON.stringify(value))
const wrong = (codec: t.Mixed, value: unknown) => left(decodeJson('answer', codec)(body(value)))
const malformed = (path: string, expected: string) => AuthError.malformed({ what: 'answer', path, expected })

test('no JSON', () => {
  expect(wrong(t.UnknownRecord, '{')).toEqual(malformed('body', 'JSON'))
})

test('no object', () => {
  expect(wrong(t.type({ a: t.string }), [1])).toEqual(malformed('body', 'an object'))
  expect(wrong(t.type({ a: t.string }), 'null')).toEqual(malformed('body', 'an object'))
  expect(left(tokenResponse()(body('1'), NOW))).toMatchObject({ path: 'body', expected: 'an object' })
})

test('a member, by its path, and what it should be', () => {
  const nested = t.type({ outer: t.type({ inner: t.string }) })
  expect(wrong(nested, { outer: { inner: 1 } })).toEqual(malformed('outer.inner', 'string'))
  expect(wrong(nested, { outer: 1 })).toMatchObject({ path: 'outer' })
})

test('a member of an intersection', () => {
  const both = t.intersection([t.type({ a: t.string }), t.partial({ b: t.number })])
  expect(wrong(both, { a: 'a', b: 'b' })).toMatchObject({ path: 'b', expected: expect.stringMatching(/^\(?number/) })
  expect(wrong(both, { a: 1 })).toEqual(malformed('a', 'string'))
})

test('a place in a list is no member, and a member may have digits in its name', () => {
  expect(wrong(t.type({ list: t.array(t.string) }), { list: [...'abcdefghijkl', 1] })).toMatchObject({ path: 'list' })
  expect(wrong(t.type({ b2: t.string }), { b2: 1 })).toMatchObject({ path: 'b2' })
  expect(wrong(t.type({ '2b': t.string }), { '2b': 1 })).toMatchObject({ path: '2b' })
})

test.each([
  ['access_token', 'a text of visible ASCII characters'],
  ['expires_in', 'a number of seconds, zero or more'],
  ['refresh_token', 'a text of printable ASCII characters'],
  ['scope', 'scopes with a space between them'],
  ['restricted_to', 'a list'],
  ['issued_token_type', 'a token type'],
])('of a token response, %s is to be %s', (name, expected) => {
  const given = { access_token: 'a', token_type: 'bearer', [name]: { no: 'such' } }
  expect(left(tokenResponse()(body(given), NOW))).toMatchObject({ what: 'token response', path: name, expected })
})

const device = { device_code: 'd', user_code: 'U', verification_uri: 'https://as.example/', expires_in: 60 }

test.each([
  ['device_code', 'a text of printable ASCII characters'],
  ['user_code', 'a text without control characters'],
  ['expires_in', 'a number of seconds, zero or more'],
  ['interval', 'a number of seconds, zero or more'],
])('of a device authorization, %s is to be %s', (name, expected) => {
  expect(right(deviceAuthorizationResponse()(body(device), NOW)).userCode).toBe('U')
  expect(left(deviceAuthorizationResponse()(body({ ...device, [name]: [] }), NOW))).toMatchObject({
    ...{ what: 'device authorization response', path: name, expected },
  })
})

test('[A12] ten thousand wrong elements of a list are one error', () => {
  const decode = metadataResponse({ issuer: 'https://as.example' })
  const list = Array.from({ length: 10_000 }, () => 7)
  for (const name of ['scopes_supported', 'token_endpoint_auth_methods_supported']) {
    const metadata = { issuer: 'https://as.example', token_endpoint: 'https://as.example/token', [name]: list }
    expect(left(decode(body(metadata)))).toMatchObject({ _tag: 'Malformed', path: name, expected: 'a list of texts' })
  }
})
