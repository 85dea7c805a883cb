import * as Box from '@tessera/box'
import { AuthError, instant, memoryStore, Secret, type Strategy, TokenSet, TokenSource } from '@tessera/core'
import { authorizationCode, refreshToken, type TokenEnv } from '@tessera/oauth2'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type Answer, attempt, jwtParts, NOW, parameter, scripted, signer, TOKEN } from './support.js'

const secret = Secret.make('ClientSecret', 'canary-secret')
const client = Box.client({ id: 'app', secret, device: { name: 'laptop' } })
const CREDENTIALS = [
  ['client_id', 'app'],
  ['client_secret', 'canary-secret'],
]
const DEVICE = [
  ['box_device_id', '0'],
  ['box_device_name', 'laptop'],
]
const previous = (known: Partial<TokenSet> = {}) => TokenSet.make(Secret.make('AccessToken', 'old'), known)
const remembers = (text: string) => previous({ subject: O.some(text) })

const run = async (strategy: Strategy<TokenEnv>, answers: ReadonlyArray<Answer> = [TOKEN], before?: TokenSet) => {
  const server = scripted(...answers)
  return { result: await strategy(attempt(before))(server.env)(), forms: server.forms(), urls: server.urls() }
}

// -----------------------------------------------------------------------------
// device pinning
// -----------------------------------------------------------------------------

describe('device pinning', () => {
  const pair: Answer = { body: { access_token: 'a', refresh_token: 'r', token_type: 'bearer', expires_in: 3600 } }
  test.each<[string, Strategy<TokenEnv>]>([
    ['code', authorizationCode({ client, code: Secret.make('AuthorizationCode', 'c') })],
    ['refresh', refreshToken({ client })],
    ['JWT', Box.jwt({ client, signer, subject: Box.user('7') })],
  ])('S-OAUTH2-04 S-JWT-03 the device goes last with a %s request, after the credentials', async (_, strategy) => {
    const before = previous({ refreshToken: O.some(Secret.make('RefreshToken', 'r')) })
    const { forms } = await run(strategy, [pair], before)
    expect(forms[0]?.slice(2)).toEqual([...CREDENTIALS, ...DEVICE])
  })

  test('S-OAUTH2-04 and not with client credentials, an exchange or a revoke', async () => {
    const server = scripted(TOKEN)
    const subject = Box.enterprise('42')
    await Box.clientCredentials({ client, subject })(attempt())(server.env)()
    await Box.tokenExchange({ client })(previous(), { scope: [] })(attempt())(server.env)()
    await Box.revocation({ client })(previous())(attempt())(server.env)()
    expect(server.forms()).toHaveLength(3)
    expect(JSON.stringify(server.forms())).not.toContain('box_device')
  })
})

// -----------------------------------------------------------------------------
// JWT
// -----------------------------------------------------------------------------

const skewed = (date: string, description = "Please check the 'exp' claim."): Answer => ({
  status: 400,
  headers: { date },
  body: { error: 'invalid_grant', error_description: description },
})

const assertions = (forms: ReturnType<ReturnType<typeof scripted>['forms']>) =>
  forms.map((form) => jwtParts(parameter(form, 'assertion')))

const jtiOf = (claims: unknown): unknown =>
  typeof claims === 'object' && claims !== null && 'jti' in claims ? claims.jti : undefined

describe('jwt', () => {
  test.each([
    ['enterprise', Box.enterprise('42'), '42'],
    ['user', Box.user('7'), '7'],
  ])('S-JWT-02 S-JWT-03 the request and the claims of %s', async (type, subject, sub) => {
    const { result, forms, urls } = await run(Box.jwt({ client, signer, subject }))
    expect(urls).toEqual(['https://api.box.com/oauth2/token'])
    expect(forms[0]?.map(([name]) => name).slice(0, 2)).toEqual(['grant_type', 'assertion'])
    expect(parameter(forms[0], 'grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer')
    const [assertion] = assertions(forms)
    expect(assertion).toEqual({
      header: { alg: 'RS256', kid: 'kid', typ: 'JWT' },
      claims: {
        iss: 'app',
        sub,
        box_sub_type: type,
        aud: 'https://api.box.com/oauth2/token',
        jti: expect.stringMatching(/^[A-Za-z0-9]{16,128}$/),
        exp: NOW / 1_000 + 30,
      },
      signature: 'c2lnbmF0dXJl',
    })
    expect(result).toMatchObject(E.right({ subject: O.some(`${type}:${sub}`), refreshToken: O.none }))
  })

  test('B-JWT-02 the audience follows the server', async () => {
    const local = Box.client({ id: 'app', secret, server: Box.serverAt('http://127.0.0.1:1234/') })
    const { forms, urls } = await run(Box.jwt({ client: local, signer, subject: Box.user('7') }))
    expect(urls).toEqual(['http://127.0.0.1:1234/oauth2/token'])
    expect(assertions(forms)[0]).toMatchObject({ claims: { aud: 'http://127.0.0.1:1234/oauth2/token' } })
  })

  test('S-JWT-05 B-JWT-03 a skewed clock: one retry, with the time of the server and a new jti', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: -31_536_000, max: 31_536_000 }), async (skew) => {
        const time = NOW / 1_000 + skew
        const strategy = Box.jwt({ client, signer, subject: Box.user('7') })
        const answers = [skewed(new Date(time * 1_000).toUTCString()), TOKEN]
        const { result, forms } = await run(strategy, answers)
        expect(E.isRight(result)).toBe(true)
        const [first, second] = assertions(forms)
        expect(forms).toHaveLength(2)
        expect(second).toMatchObject({ claims: { exp: time + 30, sub: '7' } })
        expect(JSON.stringify(first?.claims)).not.toBe(JSON.stringify(second?.claims))
        expect(second).not.toMatchObject({ claims: { jti: jtiOf(first?.claims) } })
      }),
    )
  })

  test.each([
    ['twice', skewed(new Date(NOW).toUTCString()), 2],
    ['without a date', skewed('soon'), 1],
    ['that is unexpected', skewed(new Date(NOW).toUTCString(), 'unexpected value'), 1],
  ])('S-JWT-05 B-JWT-01 a rejection %s is the error, after no loop', async (_, answer, requests) => {
    const { result, forms } = await run(Box.jwt({ client, signer, subject: Box.user('7') }), [answer])
    expect(result).toMatchObject(E.left({ _tag: 'Rejected', answer: { error: O.some('invalid_grant') } }))
    expect(forms).toHaveLength(requests)
  })

  test('S-JWT-04 a renewal stands for whom the token before stood for', async () => {
    const subject = Box.remembering({ enterprise: '42', user: '7' })
    const renewed = async (before?: TokenSet) =>
      assertions((await run(Box.jwt({ client, signer, subject }), [TOKEN], before)).forms)[0]?.claims
    expect(await renewed()).toMatchObject({ sub: '7', box_sub_type: 'user' })
    expect(await renewed(remembers('user:9'))).toMatchObject({ sub: '9', box_sub_type: 'user' })
    expect(await renewed(remembers('enterprise:42'))).toMatchObject({ sub: '42', box_sub_type: 'enterprise' })
  })

  test('S-JWT-04 nobody to stand for: an error, and no request', async () => {
    const { result, forms } = await run(Box.jwt({ client, signer, subject: Box.remembering({}) }))
    expect(result).toMatchObject(E.left({ _tag: 'Misconfigured', field: 'enterprise or user' }))
    expect(forms).toEqual([])
  })
})

// -----------------------------------------------------------------------------
// client credentials
// -----------------------------------------------------------------------------

describe('clientCredentials', () => {
  test.each([
    ['enterprise', Box.enterprise('42'), '42', undefined],
    ['user', Box.user('7'), '7', undefined],
    ['user', Box.remembering({ enterprise: '42' }), '9', remembers('user:9')],
    ['enterprise', Box.remembering({ enterprise: '42' }), '42', undefined],
  ])('the request of %s, which the token remembers', async (type, subject, sub, before) => {
    const { result, forms } = await run(Box.clientCredentials({ client, subject }), [TOKEN], before)
    expect(forms).toEqual([
      [['grant_type', 'client_credentials'], ...CREDENTIALS, ['box_subject_type', type], ['box_subject_id', sub]],
    ])
    expect(result).toMatchObject(E.right({ subject: O.some(`${type}:${sub}`) }))
  })

  test('nobody to stand for: an error, and no request', async () => {
    const { result, forms } = await run(Box.clientCredentials({ client, subject: Box.remembering({}) }))
    expect(result).toMatchObject(E.left({ _tag: 'Misconfigured' }))
    expect(forms).toEqual([])
  })
})

// -----------------------------------------------------------------------------
// app
// -----------------------------------------------------------------------------

describe('app', () => {
  const settings = (enterpriseID?: string) =>
    Box.settings({ boxAppSettings: { clientID: 'app', clientSecret: 'canary-secret' }, enterpriseID })

  test.each([
    [
      'the enterprise of the settings',
      '42',
      undefined,
      [
        ['box_subject_type', 'enterprise'],
        ['box_subject_id', '42'],
      ],
    ],
    [
      'the user given',
      '42',
      '7',
      [
        ['box_subject_type', 'user'],
        ['box_subject_id', '7'],
      ],
    ],
    [
      'a user alone',
      undefined,
      '7',
      [
        ['box_subject_type', 'user'],
        ['box_subject_id', '7'],
      ],
    ],
  ])('S-JWT-06 stands for %s', async (_, enterprise, user, expected) => {
    const strategy = pipe(
      settings(enterprise),
      E.map((made) => Box.clientCredentials(Box.app({ settings: made, user }))),
    )
    if (E.isLeft(strategy)) throw AuthError.toError(strategy.left)
    const { forms } = await run(strategy.right)
    expect(forms[0]).toEqual([['grant_type', 'client_credentials'], ...CREDENTIALS, ...expected])
  })

  test('S-JWT-06 its device and its server can be given, and its jwt is signed by any signer', async () => {
    const server = Box.serverAt('http://127.0.0.1:1234')
    const strategy = pipe(
      settings('42'),
      E.map((made) => Box.jwt({ ...Box.app({ settings: made, server, device: { id: 'd' } }), signer })),
    )
    if (E.isLeft(strategy)) throw AuthError.toError(strategy.left)
    const { forms, urls } = await run(strategy.right)
    expect(urls).toEqual(['http://127.0.0.1:1234/oauth2/token'])
    expect(parameter(forms[0], 'box_device_id')).toBe('d')
    expect(assertions(forms)[0]).toMatchObject({ claims: { sub: '42', box_sub_type: 'enterprise' } })
  })
})

// -----------------------------------------------------------------------------
// exchange
// -----------------------------------------------------------------------------

const EXCHANGE = [
  ['grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange'],
  ['subject_token', 'old'],
  ['subject_token_type', 'urn:ietf:params:oauth:token-type:access_token'],
]

describe('tokenExchange', () => {
  const { itemPreview, itemDownload } = Box.scope
  test.each([
    ['scope', { scope: [itemPreview, itemDownload] }, [['scope', 'item_preview item_download']]],
    [
      'a resource',
      { scope: [itemPreview], resource: Box.file('123') },
      [
        ['scope', 'item_preview'],
        ['resource', 'https://api.box.com/2.0/files/123'],
      ],
    ],
    [
      'a shared link and a parameter more',
      { scope: [itemPreview], parameters: { ...Box.sharedLink('https://app.box.com/s/abc'), x: 'y' } },
      [
        ['scope', 'item_preview'],
        ['box_shared_link', 'https://app.box.com/s/abc'],
        ['x', 'y'],
      ],
    ],
  ])('S-OAUTH2-14 %s, and no client', async (_, target, expected) => {
    const { result, forms, urls } = await run(Box.tokenExchange()(previous(), target))
    expect(E.isRight(result)).toBe(true)
    expect(urls).toEqual(['https://api.box.com/oauth2/token'])
    expect(forms).toEqual([[...EXCHANGE, ...expected]])
  })

  test('S-RESPONSE-01 the answer of the documentation, and its lenient sample', async () => {
    const restricted = [{ scope: 'item_preview', object: { type: 'folder', id: '1234567890' } }]
    const body = { access_token: 'issued', expires_in: 4175, restricted_to: restricted }
    for (const types of [
      { token_type: 'bearer', issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' },
      { issued_token_type: 'bearer' },
    ]) {
      const { result } = await run(Box.tokenExchange()(previous(), { scope: [] }), [{ body: { ...body, ...types } }])
      expect(result).toMatchObject(
        E.right({ restrictedTo: restricted, refreshToken: O.none, expiresAt: O.some(NOW + 4_175_000) }),
      )
    }
  })

  test('another server, or a client that names itself', async () => {
    const local = Box.serverAt('http://127.0.0.1:1234')
    const client = Box.client({ id: 'app', secret, server: local })
    expect((await run(Box.tokenExchange({ server: local })(previous(), { scope: [] }))).urls).toEqual([
      local.tokenEndpoint,
    ])
    const { forms, urls } = await run(Box.tokenExchange({ client })(previous(), { scope: [] }))
    expect(urls).toEqual([local.tokenEndpoint])
    expect(forms).toEqual([[...EXCHANGE, ...CREDENTIALS]])
  })

  test('an annotator is an unsigned token of its own at each exchange', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), async (id, name) => {
        const exchange = Box.tokenExchange({ client: undefined, actor: Box.actor({ client, id, name }) })
        const strategy = exchange(previous(), { scope: [itemPreview], parameters: { x: 'y' } })
        const server = scripted(TOKEN)
        await strategy(attempt())(server.env)()
        await strategy(attempt())(server.env)()
        const tokens = server.forms().map((form) => parameter(form, 'actor_token'))
        expect(server.forms()[0]).toEqual([
          ...EXCHANGE,
          ['scope', 'item_preview'],
          ['x', 'y'],
          ['actor_token', tokens[0]],
          ['actor_token_type', 'urn:ietf:params:oauth:token-type:id_token'],
        ])
        for (const token of tokens) {
          expect(jwtParts(token)).toEqual({
            header: { alg: 'none', typ: 'JWT' },
            claims: {
              iss: 'app',
              sub: id,
              name,
              box_sub_type: 'external',
              aud: 'https://api.box.com/oauth2/token',
              jti: expect.stringMatching(/^[A-Za-z0-9]{16,128}$/),
              exp: NOW / 1_000 + 45,
            },
            signature: '',
          })
        }
        expect(new Set(tokens.map((token) => jtiOf(jwtParts(token).claims))).size).toBe(2)
      }),
      { numRuns: 50 },
    )
  })

  test('a name of any length', async () => {
    const name = 'ä'.repeat(300_000)
    const exchange = Box.tokenExchange({ client: undefined, actor: Box.actor({ client, id: 'u', name }) })
    const { forms } = await run(exchange(previous(), { scope: [] }))
    expect(jwtParts(parameter(forms[0], 'actor_token')).claims).toMatchObject({ name })
  })

  test.each([
    ['a scope that is two', 'scope', { scope: [Box.scope.other('item_preview item_delete')] }],
    ['an empty scope', 'scope', { scope: [Box.scope.other('')] }],
    [
      'a resource beside a shared link',
      'resource',
      { scope: [], resource: Box.file('1'), parameters: Box.sharedLink('https://app.box.com/s/abc') },
    ],
    ['a resource that is no URL', 'resource', { scope: [], resource: '123' }],
  ])('%s is Misconfigured, and nothing is sent', async (_, field, target) => {
    const { result, forms } = await run(Box.tokenExchange()(previous(), target))
    expect(result).toMatchObject(E.left({ _tag: 'Misconfigured', field }))
    expect(forms).toEqual([])
  })
})

test('S-OAUTH2-14 downscoped: a source for less, piped after a source', async () => {
  const server = scripted({ body: { access_token: 'parent', token_type: 'bearer', expires_in: 3600 } }, TOKEN)
  const source = pipe(
    Box.clientCredentials({ client, subject: Box.enterprise('42') }),
    TokenSource.make({ store: memoryStore() }),
    Box.downscoped({ scope: [Box.scope.itemPreview], resource: Box.file('123') }),
  )(server.env)()
  const token = await source.get()
  expect(
    pipe(
      token,
      E.map(({ accessToken }) => Secret.open(accessToken)),
    ),
  ).toEqual(E.right('issued'))
  expect(server.forms()[1]).toEqual([
    EXCHANGE[0],
    ['subject_token', 'parent'],
    EXCHANGE[2],
    ['scope', 'item_preview'],
    ['resource', 'https://api.box.com/2.0/files/123'],
  ])
})

// -----------------------------------------------------------------------------
// revocation
// -----------------------------------------------------------------------------

describe('revocation', () => {
  test('B-OAUTH2-01 the empty 200 is a success; client_id, client_secret, token', async () => {
    const server = scripted({ body: '' })
    const pair = previous({ refreshToken: O.some(Secret.make('RefreshToken', 'r')) })
    expect(await Box.revocation({ client })(pair)(attempt())(server.env)()).toEqual(E.right(undefined))
    expect(server.urls()).toEqual(['https://api.box.com/oauth2/revoke'])
    expect(server.forms()).toEqual([[...CREDENTIALS, ['token', 'old']]])
  })

  test('RFC 7009 §2.1: by the refresh token, where there is one, once the access token has expired', async () => {
    const server = scripted({ body: '' })
    const refreshToken = O.some(Secret.make('RefreshToken', 'r'))
    for (const known of [
      { refreshToken, expiresAt: O.some(instant(NOW + 1)) },
      { refreshToken, expiresAt: O.some(NOW) },
      { expiresAt: O.some(NOW) },
    ]) {
      expect(await Box.revocation({ client })(previous(known))(attempt())(server.env)()).toEqual(E.right(undefined))
    }
    expect(server.forms().map((form) => parameter(form, 'token'))).toEqual(['old', 'r', 'old'])
  })
})

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

describe('errors', () => {
  test.each([
    [
      'OAuth 2.0',
      { error: 'invalid_client', error_description: 'The client credentials are invalid' },
      { error: O.some('invalid_client'), description: O.some('The client credentials are invalid') },
    ],
    [
      'API',
      {
        type: 'error',
        status: 403,
        code: 'forbidden',
        message: 'No',
        request_id: 'abc',
        context_info: {},
        help_url: '',
      },
      { error: O.some('forbidden'), description: O.some('No'), requestId: O.some('abc') },
    ],
  ])("B-OAUTH2-02 Box's %s shape", async (_, body, expected) => {
    const subject = Box.enterprise('42')
    const { result } = await run(Box.clientCredentials({ client, subject }), [{ status: 403, body }])
    expect(result).toMatchObject(E.left({ _tag: 'Rejected', answer: { status: 403, ...expected } }))
  })

  test('B-JWT-05 a server that echoes the request shows no secret of it', async () => {
    const strategies = {
      clientCredentials: Box.clientCredentials({ client, subject: Box.user('7') }),
      jwt: Box.jwt({ client, signer, subject: Box.user('7') }),
      exchange: Box.tokenExchange({ client, actor: Box.actor({ client, id: 'u', name: 'n' }) })(
        TokenSet.make(Secret.make('AccessToken', 'canary-token')),
        { scope: [] },
      ),
    }
    const SECRETS = ['client_secret', 'assertion', 'subject_token', 'actor_token']
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 200, max: 599 }),
        fc.constantFrom(...Object.values(strategies)),
        async (status, strategy) => {
          const echo = (error_description: string) => ({ error: 'invalid_grant', error_description })
          const { result, forms } = await run(strategy, [{ status, body: echo }])
          expect(E.isLeft(result)).toBe(true)
          const shown = JSON.stringify(result) + (E.isLeft(result) ? AuthError.show.show(result.left) : '')
          const sent = forms.flat().flatMap(([name, value]) => (SECRETS.includes(name) ? [value] : []))
          expect(sent).not.toEqual([])
          for (const value of sent) expect(shown).not.toContain(value)
        },
      ),
    )
  })
})

// -----------------------------------------------------------------------------
// prompt
// -----------------------------------------------------------------------------

describe('developerToken', () => {
  const ask = (typed: string) => {
    const questions: string[] = []
    const prompt = {
      ask: ({ message }: { readonly message: string }) => {
        questions.push(message)
        return TE.right(Secret.make('Answer', typed))
      },
    }
    return { questions, env: { ...scripted().env, prompt } }
  }

  test('S-DEV-01 asks in these words, anew at each renewal, and the token lives for an hour', async () => {
    const { env, questions } = ask('dev')
    const first = await Box.developerToken()(attempt())(env)()
    await Box.developerToken()(attempt(previous()))(env)()
    expect(questions).toEqual(['Enter developer token: ', 'Enter developer token: '])
    expect(first).toMatchObject(
      E.right({ expiresAt: O.some(instant(NOW + 3_600_000)), refreshToken: O.none, subject: O.none }),
    )
  })

  test('S-DEV-01 in other words too', async () => {
    const { env, questions } = ask('dev')
    await Box.developerToken({ message: 'Token? ' })(attempt())(env)()
    expect(questions).toEqual(['Token? '])
  })
})
