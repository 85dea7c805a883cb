import { AuthError, Secret } from '@tessera/core'
import * as O from 'fp-ts/lib/Option.js'
import { Client, tokenExchange } from '../src/index.js'
import { attempt, bodyOf, client, holding, issued, left, right, world } from './support.js'

const subject = holding('R0')
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
const answer = { body: { access_token: 'A1', token_type: 'bearer', expires_in: 60, issued_token_type: ACCESS_TOKEN } }

test('S-OAUTH2-14 the form of a downscope, without a client', async () => {
  const w = world(answer)
  const target = {
    scope: ['item_preview', 'item_upload'],
    resource: 'https://api.box.com/2.0/files/1',
    parameters: { x: '1' },
  }
  right(await tokenExchange({ server: client.server })(subject, target)(attempt())(w.env)())
  expect(Array.from(w.forms()[0] ?? [])).toEqual([
    ['grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange'],
    ['subject_token', 'A0'],
    ['subject_token_type', ACCESS_TOKEN],
    ['scope', 'item_preview item_upload'],
    ['resource', 'https://api.box.com/2.0/files/1'],
    ['x', '1'],
  ])
})

test('RFC 8693 §2.1: as a client, with everything; the client’s own parameters stay away', async () => {
  const w = world({ body: { ...answer.body, issued_token_type: 'urn:x:y' } })
  const own = Client.make({ ...client, parameters: { box_device_id: '0' } })
  const exchange = tokenExchange({
    client: own,
    subjectTokenType: 'urn:a:b',
    requestedTokenType: 'urn:x:y',
    audience: ['one', 'two'],
    actor: { token: Secret.make('IdToken', 'eyJ'), type: 'urn:ietf:params:oauth:token-type:id_token' },
  })
  right(await exchange(subject, { resource: ['urn:r:1', 'https://r.example/'] })(attempt())(w.env)())
  expect(Array.from(w.forms()[0] ?? [])).toEqual([
    ['grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange'],
    ['subject_token', 'A0'],
    ['subject_token_type', 'urn:a:b'],
    ['resource', 'urn:r:1'],
    ['resource', 'https://r.example/'],
    ['audience', 'one'],
    ['audience', 'two'],
    ['requested_token_type', 'urn:x:y'],
    ['actor_token', 'eyJ'],
    ['actor_token_type', 'urn:ietf:params:oauth:token-type:id_token'],
    ['client_id', 'app'],
    ['client_secret', 'S3CRET'],
  ])
})

test.each(['/files/1', 'files/1', '', 'https://api.box.com/2.0/files/1#', 'https://api.box.com/#f', 'https://a b/'])(
  'RFC 8707 §2: the resource %j is Misconfigured, and nothing is sent',
  async (resource) => {
    const w = world(answer)
    const error = left(await tokenExchange({ client })(subject, { resource })(attempt())(w.env)())
    expect(error).toMatchObject({ _tag: 'Misconfigured', field: 'resource' })
    expect(w.requests).toEqual([])
  },
)

test('RFC 8693 §2.2.1: another issued token type is Malformed', async () => {
  const other = { body: { ...issued, issued_token_type: 'urn:ietf:params:oauth:token-type:saml2' } }
  expect(left(await tokenExchange({ client })(subject, {})(attempt())(world(other).env)())).toMatchObject({
    _tag: 'Malformed',
    path: 'issued_token_type',
    repeatable: true,
  })
})

test('RFC 8693: the source token stays as it is, and the new one has none of its refresh token', async () => {
  const token = right(await tokenExchange({ client })(subject, {})(attempt())(world(answer).env)())
  expect(Secret.open(subject.accessToken)).toBe('A0')
  expect(Secret.open(token.accessToken)).toBe('A1')
  expect(token.refreshToken).toEqual(O.none)
})

test('a subject token that the server echoes is in no error', async () => {
  const w = world((request) => ({ status: 400, body: { error: 'e', error_description: bodyOf(request) } }))
  const secret = { ...subject, accessToken: Secret.make('AccessToken', 'C4NARY') }
  const error = left(await tokenExchange({ client })(secret, {})(attempt())(w.env)())
  expect(JSON.stringify(error)).not.toContain('C4NARY')
  expect(AuthError.show.show(error)).not.toContain('C4NARY')
})
