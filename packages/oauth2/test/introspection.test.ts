import { AuthError, instant, Secret } from '@tessera/core'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { Client, ClientAuthentication, introspection, introspectionResponse, Provider } from '../src/index.js'
import { attempt, bodyOf, endpoints, headerOf, left, right, world } from './support.js'

const client = Client.make({
  id: 'api',
  authentication: ClientAuthentication.basic('S3CRET'),
  ...endpoints,
  introspectionEndpoint: 'https://as.example/introspect',
})
// RFC 7662 §2.2.
const alive = {
  active: true,
  client_id: 'l238j323ds-23ij4',
  username: 'jdoe',
  scope: 'read write dolphin',
  sub: 'Z5O3upPC88QrAjx00dis',
  aud: 'https://protected.example.net/resource',
  iss: 'https://server.example.com/',
  exp: 1_419_356_238,
  iat: 1_419_350_238,
  extension_field: 'twenty-seven',
}
const ask = introspection({ client })

test('RFC 7662 §2.1, §2.2: a token that is alive', async () => {
  const w = world({ body: alive })
  expect(right(await ask('mF_9.B5f-4.1JqM', { hint: 'refresh_token' })(attempt())(w.env)())).toEqual({
    active: true,
    clientId: O.some('l238j323ds-23ij4'),
    username: O.some('jdoe'),
    scope: ['read', 'write', 'dolphin'],
    tokenType: O.none,
    subject: O.some('Z5O3upPC88QrAjx00dis'),
    audience: ['https://protected.example.net/resource'],
    issuer: O.some('https://server.example.com/'),
    expiresAt: O.some(instant(1_419_356_238_000)),
    issuedAt: O.some(instant(1_419_350_238_000)),
    notBefore: O.none,
    id: O.none,
    members: alive,
  })
  expect(w.requests).toMatchObject([{ method: 'POST', url: 'https://as.example/introspect' }])
  expect(headerOf(w.requests[0], 'authorization')).toMatch(/^Basic /)
  expect(Array.from(w.forms()[0] ?? [])).toEqual([
    ['token', 'mF_9.B5f-4.1JqM'],
    ['token_type_hint', 'refresh_token'],
  ])
})

test('one that is not says nothing else, whatever the server adds', async () => {
  for (const body of [{ active: false }, { ...alive, active: false }]) {
    expect(right(await ask(Secret.make('AccessToken', 'a'))(attempt())(world({ body }).env)())).toEqual({
      active: false,
    })
  }
})

test.each([
  [{}, 'active'],
  [{ ...alive, active: 'true' }, 'active'],
  [{ ...alive, active: null }, 'active'],
  [{ ...alive, active: 1 }, 'active'],
  [{ ...alive, exp: 'soon' }, 'exp'],
  [{ ...alive, aud: 1 }, 'aud'],
  [[], 'body'],
  ['<html>', 'body'],
])('nothing is alive by default: %j', async (body, path) => {
  const error = left(await ask('a')(attempt())(world({ body }).env)())
  expect(error).toMatchObject({ _tag: 'Malformed', path, repeatable: true })
})

test('RFC 7662 §2.3: who may not ask', async () => {
  const w = world({ status: 401, body: { error: 'invalid_client', error_description: 'S3CRET and C4NARY-token' } })
  const error = left(await ask('C4NARY-token')(attempt())(w.env)())
  expect(error).toMatchObject({ _tag: 'Rejected', answer: { error: O.some('invalid_client') } })
  expect(JSON.stringify(error)).not.toMatch(/S3CRET|C4NARY/)
})

test('a server that has no such endpoint is asked nothing', async () => {
  const w = world({ body: alive })
  const none = introspection({ client: Client.make({ id: 'api', ...endpoints }) })
  expect(left(await none('a')(attempt())(w.env)())).toMatchObject({ field: 'introspectionEndpoint' })
  expect(w.requests).toEqual([])
})

test('an answer is read by the server’s provider, and several audiences are a list', () => {
  const provider = { ...Provider.rfc, scopeSeparator: { request: ',', answer: ',' } } as const
  const body = Secret.make('Body', JSON.stringify({ active: true, scope: 'a,b', aud: ['x', 'y'], jti: null }))
  expect(right(introspectionResponse(provider)(body))).toMatchObject({
    scope: ['a', 'b'],
    audience: ['x', 'y'],
    id: O.none,
  })
})

test('what any server says is read or Malformed, and is alive only by its very word', () => {
  const member = fc.constantFrom(...Object.keys(alive), 'nbf', 'jti', 'token_type')
  fc.assert(
    fc.property(fc.dictionary(member, fc.jsonValue({ maxDepth: 1 })), (answer) => {
      const read = introspectionResponse()(Secret.make('Body', JSON.stringify(answer)))
      if (E.isRight(read)) expect(read.right.active).toBe(answer['active'])
      else expect(read.left._tag).toBe('Malformed')
    }),
  )
})

test('what was sent is in no error', async () => {
  const w = world((request) => ({ status: 400, body: { error: 'e', error_description: bodyOf(request) } }))
  const error = left(await ask('C4NARY')(attempt())(w.env)())
  expect(AuthError.show.show(error)).not.toContain('C4NARY')
})
