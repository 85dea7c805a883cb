import { Secret } from '@tessera/core'
import fc from 'fast-check'
import * as O from 'fp-ts/lib/Option.js'
import { AuthorizationServer, Client, Provider, userinfo } from '../src/index.js'
import { endpoints, headerOf, holding, left, right, world } from './support.js'

const userinfoEndpoint = 'https://as.example/userinfo'
const server = AuthorizationServer.make({ ...endpoints, userinfoEndpoint })
const ask = (w: ReturnType<typeof world>, from = server) => userinfo({ server: from })(holding('R0'))(w.env)()

test('OpenID Connect Core §5.3: the access token asks, and nothing else', async () => {
  const w = world({ body: { sub: '248289761001', name: 'Jane Doe' } })
  expect(right(await ask(w))).toEqual({ id: '248289761001', name: O.some('Jane Doe') })
  expect(w.requests).toMatchObject([{ method: 'GET', url: userinfoEndpoint, body: O.none }])
  expect(headerOf(w.requests[0], 'authorization')).toBe('Bearer A0')
  expect(headerOf(w.requests[0], 'content-type')).toBeUndefined()
})

test('a client stands for its server', async () => {
  const client = Client.make({ id: 'app', server })
  const w = world({ body: { sub: '1' } })
  expect(right(await userinfo({ client })(holding('R0'))(w.env)())).toEqual({ id: '1', name: O.none })
})

test('the members are where the provider has them; a number is a text', async () => {
  const of = (person: Provider['person']) => ({ ...server, provider: { ...Provider.rfc, person } })
  const body = { data: { id: 7, login: 'ann' } }
  expect(right(await ask(world({ body }), of({ id: 'data.id', name: 'data.login' })))).toEqual({
    id: '7',
    name: O.some('ann'),
  })
  expect(right(await ask(world({ body }), of({ id: 'data.id' })))).toEqual({ id: '7', name: O.none })
  expect(left(await ask(world({ body }), of({ id: 'data.login.id' })))).toMatchObject({ path: 'data.login.id' })
})

test('what does not say who it is, is Malformed; nobody is nobody', async () => {
  await fc.assert(
    fc.asyncProperty(fc.anything(), async (body) => {
      const answered = await ask(world({ body: JSON.stringify(body) ?? '' }))
      if ('right' in answered) expect(answered.right.id).not.toBe('')
      else expect(answered.left).toMatchObject({ _tag: 'Malformed' })
    }),
  )
  for (const sub of ['', null, {}, [], true])
    expect(left(await ask(world({ body: { sub } })))).toMatchObject({ _tag: 'Malformed', path: 'sub' })
})

test.each(['9007199254740993', '-9007199254740993', '1e400', '1.5'])(
  'the number %s is nobody: read, it may be that of another person',
  async (sub) => {
    const w = world({ body: `{"sub":${sub}}` })
    expect(left(await ask(w))).toMatchObject({ _tag: 'Malformed', path: 'sub' })
    expect(right(await ask(world({ body: `{"sub":"${sub}"}` }))).id).toBe(sub)
  },
)

test('a refusal is told, in a 200 too, and without the token', async () => {
  const refused = left(
    await ask(world({ status: 401, body: { error: 'invalid_token', error_description: 'A0 ended' } })),
  )
  expect(refused).toMatchObject({ _tag: 'Rejected', answer: { status: 401 } })
  expect(JSON.stringify(refused)).not.toContain('A0')
  const inside = left(await ask(world({ body: { ok: false, error: 'invalid_auth' } })))
  expect(inside).toMatchObject({ _tag: 'Rejected', answer: { error: O.some('invalid_auth') } })
})

test.each([undefined, 'http://as.example/me'])('the endpoint %s is Misconfigured', async (other) => {
  const w = world({})
  const wrong = AuthorizationServer.make({ ...endpoints, userinfoEndpoint: other })
  expect(left(await ask(w, wrong))).toMatchObject({ _tag: 'Misconfigured', field: 'userinfoEndpoint' })
  expect(w.requests).toEqual([])
})

test('a token is not shown', async () => {
  const w = world({ body: {} })
  const token = { ...holding('R0'), accessToken: Secret.make('AccessToken', 'C4NARY') }
  expect(JSON.stringify(await userinfo({ server })(token)(w.env)())).not.toContain('C4NARY')
})
