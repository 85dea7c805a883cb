import { AuthError, memoryStore, Secret, Strategy, TokenSource } from '@tessera/core'
import { codePoints } from '@tessera/testing'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { AuthorizationServer, Client, SubjectToken, subjectAssertion, subjectExchange } from '../src/index.js'
import { attempt, bodyOf, client, headerOf, holding, issued, left, right, world } from './support.js'

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token'
const ID_JAG = 'urn:ietf:params:oauth:token-type:id-jag'

/** A token that is another one each time. */
const rotated = (): SubjectToken => {
  let read = 0
  return () => () => TE.fromIO(() => Secret.make('SubjectToken', `eyJ-${++read}`))
}
const opened = (result: E.Either<AuthError, Secret>) => Secret.open(right(result))

describe('by token exchange', () => {
  const answer = { body: { ...issued, issued_token_type: ACCESS_TOKEN } }

  test('RFC 8693 §2.1: each token is by the one that there is then', async () => {
    const w = world(answer)
    const strategy = subjectExchange({
      client,
      subject: rotated(),
      audience: 'aud',
      scope: ['a', 'b'],
      parameters: { x: '1' },
    })
    for (let i = 1; i <= 2; i++) {
      right(await strategy(attempt())(w.env)())
      expect(Object.fromEntries(w.forms().at(-1) ?? [])).toEqual({
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: `eyJ-${i}`,
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        scope: 'a b',
        audience: 'aud',
        x: '1',
        client_id: 'app',
        client_secret: 'S3CRET',
      })
    }
  })

  test('the client’s resources are asked for, unless others are', async () => {
    const some = Client.make({ ...client, resource: ['https://a.example', 'https://b.example'] })
    for (const resource of [undefined, 'https://c.example']) {
      const w = world(answer)
      right(await subjectExchange({ client: some, subject: rotated(), resource })(attempt())(w.env)())
      expect(w.forms()[0]?.getAll('resource')).toEqual(resource === undefined ? some.resource : [resource])
    }
  })

  test('without a client, at a server', async () => {
    const w = world(answer)
    const server = AuthorizationServer.make({ tokenEndpoint: 'https://sts.example/token' })
    right(await subjectExchange({ server, subject: rotated(), subjectTokenType: ID_TOKEN })(attempt())(w.env)())
    expect(w.requests[0]?.url).toBe('https://sts.example/token')
    expect(w.forms()[0]?.get('client_id')).toBeNull()
    expect(w.forms()[0]?.get('subject_token_type')).toBe(ID_TOKEN)
  })
})

describe('by the JWT bearer grant', () => {
  test('RFC 7523 §2.1: each token is by the assertion that there is then', async () => {
    const w = world({ body: issued })
    const strategy = subjectAssertion({ client, subject: rotated(), scope: ['a'] })
    for (let i = 1; i <= 2; i++) {
      right(await strategy(attempt())(w.env)())
      expect(Object.fromEntries(w.forms().at(-1) ?? [])).toEqual({
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: `eyJ-${i}`,
        scope: 'a',
        client_id: 'app',
        client_secret: 'S3CRET',
      })
    }
    right(await subjectAssertion({ server: client.server, subject: rotated() })(attempt())(w.env)())
    expect(w.forms().at(-1)?.get('client_id')).toBeNull()
  })
})

test.each([
  ['subjectExchange', subjectExchange({ client, subject: () => () => TE.left(AuthError.misconfigured('f', 'm')) })],
  ['subjectAssertion', subjectAssertion({ client, subject: () => () => TE.left(AuthError.misconfigured('f', 'm')) })],
])('%s sends nothing where there is no token', async (_, strategy) => {
  const w = world({ body: issued })
  expect(left(await strategy(attempt())(w.env)())).toMatchObject({ _tag: 'Misconfigured' })
  expect(w.requests).toEqual([])
})

test('a source renews by it, and needs no refresh token', async () => {
  const w = world({ body: { ...issued, refresh_token: undefined } })
  const source = TokenSource.make({ store: memoryStore() })(subjectAssertion({ client, subject: rotated() }))(w.env)()
  right(await source.get())
  w.advance(4_000_000)
  right(await source.get())
  expect(w.forms().map((form) => form.get('assertion'))).toEqual(['eyJ-1', 'eyJ-2'])
})

describe('the token of a session', () => {
  const sessionOf = async (members: ReadonlyMap<string, Secret<'Member'>>) => {
    const w = world()
    const source = TokenSource.make({ store: memoryStore() })(Strategy.left(AuthError.closed))(w.env)()
    right(await source.adopt(holding('R0', { members }))())
    return { w, source }
  }

  test('the access token, or the ID token', async () => {
    const { w, source } = await sessionOf(new Map([['id_token', Secret.make('Member', '"eyJ.id.token"')]]))
    expect(opened(await SubjectToken.ofTokens({ tokens: source })(attempt())(w.env)())).toBe('A0')
    expect(opened(await SubjectToken.ofTokens({ tokens: source, token: 'id' })(attempt())(w.env)())).toBe(
      'eyJ.id.token',
    )
  })

  test.each([undefined, '1', '""', 'rubbish'])('without an ID token it is NotApplicable: %s', async (text) => {
    const members = new Map(text === undefined ? [] : [['id_token', Secret.make('Member', text)] as const])
    const { w, source } = await sessionOf(members)
    const error = left(await SubjectToken.ofTokens({ tokens: source, token: 'id' })(attempt())(w.env)())
    expect(error._tag).toBe('NotApplicable')
  })
})

test('ID-JAG: an exchange at the issuer, then a JWT bearer grant at the server of the API', async () => {
  const idp = Client.make({ id: 'app', secret: 's', tokenEndpoint: 'https://idp.example/token' })
  const api = Client.make({ id: 'app2', tokenEndpoint: 'https://as.example/token', resource: 'https://mcp.example' })
  const w = world(({ url }) => ({
    body: url.startsWith('https://idp.example')
      ? { access_token: 'id-jag', issued_token_type: ID_JAG, token_type: 'N_A', expires_in: 300 }
      : issued,
  }))
  const assertion = subjectExchange({
    client: idp,
    subject: rotated(),
    subjectTokenType: ID_TOKEN,
    requestedTokenType: ID_JAG,
    audience: 'https://as.example',
    resource: 'https://mcp.example',
    scope: ['files:read'],
  })
  const strategy = subjectAssertion({ client: api, subject: SubjectToken.ofStrategy(assertion) })
  const token = right(await strategy(attempt())(w.env)())
  expect(Secret.open(token.accessToken)).toBe('A1')
  expect(w.forms().map((form) => Object.fromEntries(form))).toEqual([
    {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: 'eyJ-1',
      subject_token_type: ID_TOKEN,
      requested_token_type: ID_JAG,
      audience: 'https://as.example',
      resource: 'https://mcp.example',
      scope: 'files:read',
    },
    {
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: 'id-jag',
      client_id: 'app2',
      resource: 'https://mcp.example',
    },
  ])
})

test('a token that is none is Malformed, and never shown', () => {
  fc.assert(
    fc.property(fc.string({ unit: codePoints }), (text) => {
      const read = SubjectToken.parse(text)
      if (E.isRight(read)) expect(Secret.open(read.right)).toBe(text.trim())
      else expect(read.left).toMatchObject({ _tag: 'Malformed', repeatable: true })
      expect(E.isRight(read)).toBe(/^[\x21-\x7e]+$/.test(text.trim()))
    }),
  )
})

describe('an address', () => {
  const url = 'http://169.254.169.254/token?audience=me'
  const allowHttp = ['http://169.254.169.254']
  const at = (more: Partial<Parameters<typeof SubjectToken.ofEndpoint>[0]> = {}) =>
    SubjectToken.ofEndpoint({ url, allowHttp, ...more })(attempt())

  test('one GET with what it asks of its callers', async () => {
    const w = world({ body: 'eyJ.a.b\n' })
    expect(opened(await at({ headers: { metadata: 'true' } })(w.env)())).toBe('eyJ.a.b')
    expect(w.requests).toMatchObject([{ method: 'GET', url, body: O.none }])
    expect(headerOf(w.requests[0], 'metadata')).toBe('true')
    expect(opened(await at({ member: 'value' })(world({ body: { value: 'eyJ' } }).env)())).toBe('eyJ')
  })

  test.each<[object, string, boolean]>([
    [{ status: 404, body: 'C4NARY-header' }, 'Rejected', false],
    [{ status: 302, headers: { location: 'http://evil.example' } }, 'Rejected', false],
    [{ status: 503 }, 'Rejected', true],
    [{ status: 500 }, 'OutcomeUnknown', true],
    [{ body: '<html> C4NARY-header' }, 'Malformed', true],
    [{ body: '' }, 'Malformed', true],
    [{ _tag: 'Lost', cause: 'connection', reason: 'ECONNRESET' }, 'OutcomeUnknown', true],
  ])('%j', async (step, _tag, isRetryable) => {
    const headers = { authorization: Secret.make('Authorization', 'C4NARY-header') }
    const error = left(await at({ headers })(world(step).env)())
    expect([error._tag, AuthError.isRetryable(error)]).toEqual([_tag, isRetryable])
    expect(JSON.stringify(error)).not.toContain('C4NARY')
  })

  test.each([{}, { value: 1 }, { value: '' }, { value: 'a b' }, [], 'x'])('without the member: %j', async (body) => {
    expect(left(await at({ member: 'value' })(world({ body }).env)())).toMatchObject({ _tag: 'Malformed' })
  })

  test.each(['http://evil.example/', 'nonsense', 'https://u:p@a.example/'])('%s is Misconfigured', async (wrong) => {
    const w = world({ body: 'eyJ' })
    expect(left(await at({ url: wrong })(w.env)())).toMatchObject({ _tag: 'Misconfigured', field: 'url' })
    expect(w.requests.map(bodyOf)).toEqual([])
  })
})
