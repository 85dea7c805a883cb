import { Secret, TokenSet } from '@tessera/core'
import { AuthorizationServer, Client } from '@tessera/oauth2'
import * as t from 'io-ts'
import { userinfoClaims } from '../src/index.js'
import { client, left, right, world } from './support.js'

const token = TokenSet.make(Secret.make('AccessToken', 'C4NARY'))
const idToken = { sub: 'user 7' }

test('OpenID Connect Core §5.3.2: the claims of the person who logged in', async () => {
  const { env, answer, requests } = world()
  answer({ sub: 'user 7', email: 'ann@example.org', name: 'Ann' })
  const found = right(await userinfoClaims({ client, idToken, claims: t.type({ email: t.string }) })(token)(env)())
  const email: string = found.email
  expect(email).toBe('ann@example.org')
  expect(found['name']).toBe('Ann')
  expect(requests[0]).toMatchObject({ method: 'GET', url: 'https://as.example/me' })
  expect(requests[0]?.headers.find(([name]) => name === 'authorization')?.[1]).toEqual(
    Secret.make('Authorization', 'Bearer C4NARY'),
  )
})

test.each<[path: string, body: unknown]>([
  ['sub', { sub: 'user 8', email: 'bob@example.org' }],
  ['sub', { email: 'ann@example.org' }],
  ['sub', { sub: 7, email: 'ann@example.org' }],
  ['email', { sub: 'user 7', email: 7 }],
  ['email', { sub: 'user 7' }],
  ['body', []],
  ['body', 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln'],
])('%s of %j does not hold', async (path, body) => {
  const { env, answer } = world()
  answer(body)
  const ask = userinfoClaims({ client, idToken, claims: t.type({ email: t.string }) })
  const error = left(await ask(token)(env)())
  expect(error).toMatchObject({ _tag: 'Malformed', what: 'userinfo response', path })
  expect(JSON.stringify(error)).not.toContain('C4NARY')
})

test('a server without the endpoint, and claims without a subject, are Misconfigured', async () => {
  const bare = Client.make({
    id: 'app',
    server: AuthorizationServer.make({ tokenEndpoint: 'https://as.example/token' }),
  })
  const { env } = world()
  expect(left(await userinfoClaims({ client: bare, idToken })(token)(env)())).toMatchObject({
    field: 'userinfoEndpoint',
  })
  expect(left(await userinfoClaims({ client, idToken: { sub: '' } })(token)(env)())).toMatchObject({ field: 'idToken' })
})
