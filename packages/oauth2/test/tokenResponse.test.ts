import { inspect } from 'node:util'
import { AuthError, instant, Secret, TokenSet } from '@tessera/core'
import { codePoints } from '@tessera/testing'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { Provider, tokenResponse } from '../src/index.js'
import { left, NOW, right } from './support.js'

const decode = tokenResponse()
const read = (body: unknown, decoder = decode) =>
  decoder(Secret.make('Body', typeof body === 'string' ? body : JSON.stringify(body)), NOW)
const good = { access_token: '2YotnFZFEjr1zCsicMWpAA', token_type: 'bearer' }

// -----------------------------------------------------------------------------
// examples
// -----------------------------------------------------------------------------

test('RFC 6749 §5.1: its example', () => {
  const token = right(
    read(`{
       "access_token":"2YotnFZFEjr1zCsicMWpAA",
       "token_type":"Bearer",
       "expires_in":3600,
       "refresh_token":"tGzv3JOkF0XG5Qx2TlKWIA",
       "example_parameter":"example_value"
     }`),
  )
  expect(Secret.open(token.accessToken)).toBe('2YotnFZFEjr1zCsicMWpAA')
  expect(O.map(Secret.open)(token.refreshToken)).toEqual(O.some('tGzv3JOkF0XG5Qx2TlKWIA'))
  expect(token.issuedAt).toEqual(O.some(NOW))
  expect(token.expiresAt).toEqual(O.some(NOW + 3_600_000))
  expect(Array.from(token.members, ([name, value]) => [name, Secret.open(value)])).toEqual([
    ['example_parameter', '"example_value"'],
  ])
})

test('S-RESPONSE-01 the answer of Box', () => {
  const restriction = { scope: 'item_preview', object: { type: 'file', id: '1' } }
  const token = right(
    read({ ...good, expires_in: 3600, restricted_to: [restriction], refresh_token: 'r', issued_token_type: 'x:y' }),
  )
  expect(token).toMatchObject({ restrictedTo: [restriction], issuedTokenType: O.some('x:y'), tokenType: 'bearer' })
})

test.each(['bearer', 'Bearer', 'BEARER', 'bEaReR'])(
  'RFC 6749 §7.1: the token type %s is compared without case',
  (token_type) => {
    expect(E.isRight(read({ ...good, token_type }))).toBe(true)
  },
)

test.each(['mac', 'DPoP', '', 'bearer '])('RFC 6749 §7.1: the token type %j is not used', (token_type) => {
  expect(left(read({ ...good, token_type }))).toMatchObject({ _tag: 'Malformed', path: 'token_type' })
})

test('RFC 6749 §5.1: the token type is required', () => {
  expect(left(read({ access_token: 'a' }))).toMatchObject({ path: 'token_type' })
})

test('RFC 6749 §3.3: scopes', () => {
  expect(right(read({ ...good, scope: 'a b  c' })).scope).toEqual(['a', 'b', 'c'])
  expect(right(read({ ...good, scope: '' })).scope).toEqual([])
  expect(right(read(good)).scope).toEqual([])
})

test('S-OAUTH2-06 a refresh token may be required', () => {
  const strict = tokenResponse({ refreshTokenRequired: true })
  expect(left(read(good, strict))).toMatchObject({ _tag: 'Malformed', path: 'refresh_token' })
  expect(E.isRight(read({ ...good, refresh_token: 'r' }, strict))).toBe(true)
})

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
const exchange = tokenResponse({ exchanged: ACCESS_TOKEN })

test('RFC 8693 §2.2.1: the issued token type is checked when it is there', () => {
  expect(E.isRight(read({ ...good, issued_token_type: ACCESS_TOKEN }, exchange))).toBe(true)
  expect(E.isRight(read(good, exchange))).toBe(true)
  const saml = 'urn:ietf:params:oauth:token-type:saml2'
  expect(left(read({ ...good, issued_token_type: saml }, exchange))).toMatchObject({ path: 'issued_token_type' })
})

test("Box's documented exchange: issued_token_type bearer and no token_type", () => {
  expect(right(read({ access_token: 'a', issued_token_type: 'bearer' }, exchange)).tokenType).toBe('bearer')
})

const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token'
const identity = tokenResponse({ exchanged: ID_TOKEN })

test.each(['N_A', 'n_a', 'Bearer'])('RFC 8693 §2.2.1: what is no access token may be of type %s', (token_type) => {
  expect(right(read({ access_token: 'a', token_type, issued_token_type: ID_TOKEN }, identity))).toMatchObject({
    tokenType: token_type,
    issuedTokenType: O.some(ID_TOKEN),
  })
  if (token_type.toLowerCase() === 'bearer') return
  for (const decoder of [decode, exchange]) {
    expect(left(read({ access_token: 'a', token_type, issued_token_type: ACCESS_TOKEN }, decoder))).toMatchObject({
      path: 'token_type',
    })
  }
})

test.each([undefined, null, 'bearer', ACCESS_TOKEN])(
  'RFC 8693 §2.2.1: %s is not the issued token type that was asked for',
  (issued_token_type) => {
    expect(left(read({ access_token: 'a', token_type: 'N_A', issued_token_type }, identity))).toMatchObject({
      _tag: 'Malformed',
      path: 'issued_token_type',
    })
  },
)

test('RFC 8693 §2.2.1: the token type of what is no access token is required', () => {
  expect(left(read({ access_token: 'a', issued_token_type: ID_TOKEN }, identity))).toMatchObject({ path: 'token_type' })
})

test.each([
  [0, NOW],
  [0.5, NOW + 500],
  [1, NOW + 1_000],
  [2, NOW + 1_000],
  [59, NOW + 58_000],
  [60, NOW + 60_000],
  ['3600', NOW + 3_600_000],
  [Number.MAX_SAFE_INTEGER, NOW + 315_360_000_000],
  ['999999999999999', NOW + 315_360_000_000],
])('expires_in %j is read, without the second that servers round, and capped at ten years', (expires_in, expiresAt) => {
  expect(right(read({ ...good, expires_in })).expiresAt).toEqual(O.some(expiresAt))
})

test.each([
  ['access_token', [1, '', null, undefined, [], {}, true, 'a b', 'a\nb', 'a\r\nx: y', 'ä', '\u0000', 'a\u007f']],
  ['refresh_token', [1, [], {}, true, 'a\nb', 'ü']],
  ['expires_in', [-1, '-1', 'soon', '1e3', ' 1', [], {}, true, '1'.repeat(400)]],
  ['scope', [1, ['a', 1], [['a']], {}, 'a\nb', ['a\nb']]],
  ['restricted_to', ['a', {}, 1]],
  ['issued_token_type', [1, 'a\nb']],
  ['token_type', [1, null, [], {}]],
])('S-RESPONSE-01 a wrong %s names its path', (name, values) => {
  for (const value of values) {
    expect(left(read({ ...good, [name]: value }))).toMatchObject({
      _tag: 'Malformed',
      what: 'token response',
      path: name,
    })
  }
})

// Some write null, and a form-encoded answer can say it by an empty text alone. To refuse either would lose what was issued beside it.
test('[P02] RFC 6749 §5.1: null or an empty text for an optional member is no member, and loses no token', () => {
  const optional = { expires_in: 3600, refresh_token: 'r', scope: 'a', restricted_to: [{}], issued_token_type: 'x:y' }
  fc.assert(
    fc.property(fc.subarray(Object.keys(optional)), fc.constantFrom(null, ''), (names, nothing) => {
      const absent = Object.fromEntries(Object.entries(optional).filter(([name]) => !names.includes(name)))
      const nulls = Object.fromEntries(names.map((name) => [name, nothing]))
      expect(right(read({ ...good, ...absent, ...nulls }))).toEqual(right(read({ ...good, ...absent })))
    }),
  )
  const strict = tokenResponse({ refreshTokenRequired: true })
  for (const nothing of [null, '']) {
    const rotated = right(read({ ...good, refresh_token: 'rotated', expires_in: nothing, scope: nothing }))
    expect(O.map(Secret.open)(rotated.refreshToken)).toEqual(O.some('rotated'))
    expect(left(read({ ...good, refresh_token: nothing }, strict))).toMatchObject({ path: 'refresh_token' })
  }
})

test.each(['1e999', '-1e999', '-0.1', '1E400'])('an expiry of %s is refused', (expires_in) => {
  expect(left(read(`{"access_token":"a","token_type":"bearer","expires_in":${expires_in}}`))).toMatchObject({
    path: 'expires_in',
  })
})

test.each([
  '',
  ' ',
  '<html>',
  '[]',
  '[{}]',
  'null',
  '1',
  '"a"',
  '\ufeff{}',
  '{"access_token":',
  'access_token=a&token_type=bearer',
])('the body %j is refused', (body) => {
  expect(left(read(body))).toMatchObject({ _tag: 'Malformed', path: 'body' })
})

test.each([
  '"__proto__":{"polluted":1}',
  '"constructor":{"prototype":{"polluted":1}}',
  '"\\u005f_proto__":1',
  '"id_token":{"a":{"__proto__":{"polluted":1}}}',
  `"deep":${'['.repeat(20_000)}${']'.repeat(20_000)}`,
])('a hostile member is refused: %.60s', (member) => {
  expect(left(read(`{"access_token":"a","token_type":"bearer",${member}}`))).toMatchObject({ path: 'body' })
  expect(Reflect.get({}, 'polluted')).toBeUndefined()
})

test.each(['[{"__proto__":{}}]', `${'['.repeat(100)}${']'.repeat(100)}`])(
  'hostile restrictions are refused: %.40s',
  (value) => {
    expect(left(read(`{"access_token":"a","token_type":"bearer","restricted_to":${value}}`))).toMatchObject({
      path: 'restricted_to',
    })
  },
)

test('what is decoded goes through the codec of the stores and back', () => {
  fc.assert(
    fc.property(
      fc.record(
        {
          access_token: fc.string({ unit: fc.constantFrom(...'abcXYZ019-._~+/='), minLength: 1 }),
          token_type: fc.constant('bearer'),
          expires_in: fc.nat(),
          refresh_token: fc.string({ unit: fc.constantFrom(...'abc 019'), minLength: 1 }),
          scope: fc.constantFrom('a', 'a b', ''),
          id_token: fc
            .jsonValue({ maxDepth: 2 })
            .filter((value) => !/"(__proto__|constructor)":/.test(JSON.stringify(value))),
        },
        { requiredKeys: ['access_token', 'token_type'] },
      ),
      (body) => {
        const token = right(read(body))
        expect(TokenSet.codec.decode(JSON.parse(JSON.stringify(TokenSet.codec.encode(token))))).toEqual(E.right(token))
      },
    ),
  )
})

// -----------------------------------------------------------------------------
// hostile answers: 100,000
// -----------------------------------------------------------------------------

const CANARY = 'C4NARY'

/** Nothing of an error shows what the server sent: the canary is in every hostile body. */
const isSafeError = (error: AuthError): boolean =>
  error._tag === 'Malformed' &&
  ![AuthError.show.show(error), JSON.stringify(error), AuthError.toError(error).message].some((text) =>
    text.includes(CANARY),
  )

const refuses = (body: string): boolean => {
  const result = read(body)
  return E.isLeft(result) && isSafeError(result.left)
}

// Kept cheap, so that there can be many.
const garbage = fc.string({ unit: codePoints, maxLength: 12 })
const wrongNumber = fc.constantFrom('1e999', '-1e999', '-1', '-0.000001', '1e400', `"${CANARY}"`, '"-1"', 'true', '[1]')
const wrongText = fc
  .tuple(
    fc.constantFrom('"', '[', '{"a":', ''),
    garbage,
    fc.constantFrom('\\n', '\\u0000', 'ü', '\\ud800', '\\r\\nx: y'),
  )
  .map(([open, text, control]) => {
    const inner = `"${CANARY}${JSON.stringify(text).slice(1, -1)}${control}"`
    return open === '"' ? inner : open === '[' ? `[${inner}]` : open === '' ? '7' : `{"a":${inner}}`
  })

const RUNS = { numRuns: 20_000 }

test('20,000 texts that are no JSON object', () => {
  const html = garbage.map((text) => `<!doctype html><p>${CANARY}${text}</p>`)
  const bom = garbage.map((text) => `\ufeff${JSON.stringify({ ...good, x: CANARY + text })}`)
  const cut = fc.nat({ max: 60 }).map((at) => JSON.stringify({ ...good, x: CANARY }).slice(0, at))
  const array = garbage.map((text) => JSON.stringify([{ ...good, x: CANARY + text }]))
  const scalar = fc.oneof(garbage, fc.double(), fc.boolean(), fc.constant(null)).map((value) => JSON.stringify(value))
  fc.assert(
    fc.property(
      fc.oneof(
        html,
        bom,
        cut,
        array,
        scalar,
        garbage.map((text) => CANARY + text),
      ),
      refuses,
    ),
    RUNS,
  )
})

test('20,000 texts of the wrong kind where a token goes', () => {
  fc.assert(
    fc.property(fc.constantFrom('access_token', 'refresh_token'), wrongText, (name, value) =>
      refuses(
        name === 'access_token'
          ? `{"token_type":"bearer","access_token":${value}}`
          : `{"token_type":"bearer","access_token":"${CANARY}","refresh_token":${value}}`,
      ),
    ),
    RUNS,
  )
})

test('20,000 expiries that are no length of time', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        wrongNumber,
        fc.integer({ max: -1 }).map(String),
        fc
          .double({ max: -Number.MIN_VALUE, noNaN: true, noDefaultInfinity: true })
          .map((value) => value.toFixed(3).replace(/^-0\.000$/, '-1')),
        wrongText.filter((text) => text !== '7'),
      ),
      (value) => refuses(`{"token_type":"bearer","access_token":"${CANARY}","expires_in":${value}}`),
    ),
    RUNS,
  )
})

test('20,000 hostile names, anywhere, and nesting of any depth', () => {
  const hostile = fc.constantFrom('__proto__', 'constructor', '\\u005f_proto__', 'c\\u006fnstructor')
  const nested = fc.tuple(hostile, fc.nat({ max: 20 }), garbage).map(([name, depth, text]) => {
    const value = JSON.stringify(CANARY + text)
    return depth === 0
      ? `"${name}":${value}`
      : `"x":${'{"a":'.repeat(depth - 1)}{"${name}":${value}}${'}'.repeat(depth - 1)}`
  })
  const deep = fc
    .tuple(fc.integer({ min: 34, max: 2_000 }), fc.constantFrom('x', 'restricted_to'))
    .map(([depth, name]) => `"${name}":${'['.repeat(depth)}"${CANARY}"${']'.repeat(depth)}`)
  fc.assert(
    fc.property(fc.oneof({ weight: 9, arbitrary: nested }, { weight: 1, arbitrary: deep }), (member) =>
      refuses(`{"access_token":"${CANARY}","token_type":"bearer",${member}}`),
    ),
    RUNS,
  )
  expect(Reflect.get({}, 'a')).toBeUndefined()
})

test('20,000 objects of any members: a token that can go into a header, or a safe error; never a throw', () => {
  const value = fc.oneof(
    garbage.map((text) => CANARY + text),
    fc.constantFrom('bearer', 'a', 'a b', '', '3600'),
    fc.integer(),
    fc.double(),
    fc.constantFrom(null, true, [], {}, [[]]),
  )
  const name = fc.constantFrom(
    'access_token',
    'token_type',
    'expires_in',
    'refresh_token',
    'scope',
    'restricted_to',
    'x',
    '0',
    '',
  )
  fc.assert(
    fc.property(
      fc.dictionary(name, value, { maxKeys: 7, noNullPrototype: true }),
      fc.boolean(),
      (members, plausible) => {
        const result = read({ ...members, ...(plausible && good) })
        if (E.isLeft(result)) return isSafeError(result.left)
        const { accessToken, refreshToken, expiresAt } = result.right
        return (
          /^[!-~]+$/.test(Secret.open(accessToken)) &&
          (O.isNone(refreshToken) || /^[ -~]+$/.test(Secret.open(refreshToken.value))) &&
          (O.isNone(expiresAt) || (Number.isFinite(expiresAt.value) && expiresAt.value >= NOW))
        )
      },
    ),
    RUNS,
  )
})

test('a huge text is no trouble', () => {
  const huge = 'x'.repeat(2_000_000)
  expect(refuses(`{"token_type":"bearer","access_token":"${CANARY}${huge}\\n"}`)).toBe(true)
  expect(E.isRight(read({ ...good, id_token: huge }))).toBe(true)
})

test('nothing of a token set shows its secrets', () => {
  const token = right(read({ ...good, access_token: CANARY, refresh_token: CANARY, id_token: CANARY }))
  expect(inspect(token, { depth: 9, showHidden: true }) + JSON.stringify(token)).not.toContain(CANARY)
})

test('the time is that of the request', () => {
  expect(right(decode(Secret.make('Body', JSON.stringify({ ...good, expires_in: 1 })), instant(5)))).toMatchObject({
    issuedAt: O.some(5),
    expiresAt: O.some(1005),
  })
})

test('[P03] a token of less than a minute ends before that of a server that counts in whole seconds', () => {
  const time = fc.integer({ min: 1_700_000_000_000, max: 1_700_000_100_000 })
  fc.assert(
    fc.property(
      time,
      fc.integer({ min: 0, max: 5_000 }),
      fc.integer({ min: 2, max: 59 }),
      (sentAt, took, expires_in) => {
        // Of the server, which issued it `took` ms after the request was sent and tells times apart by the second.
        const exp = Math.floor((sentAt + took) / 1_000) + expires_in
        const token = right(decode(Secret.make('Body', JSON.stringify({ ...good, expires_in })), instant(sentAt)))
        const end = O.isSome(token.expiresAt) ? token.expiresAt.value : Number.NaN
        expect(end).toBeLessThanOrEqual(exp * 1_000)
        expect(end).toBeGreaterThan(sentAt)
      },
    ),
  )
})

test('a member may be nested 32 deep, and no deeper', () => {
  const nested = (depth: number) =>
    `{"access_token":"a","token_type":"bearer","deep":${'['.repeat(depth)}${']'.repeat(depth)}}`
  expect(right(read(nested(32))).members.size).toBe(1)
  expect(left(read(nested(33)))).toMatchObject({ path: 'body' })
})

test('each of the restrictions is looked at', () => {
  const restricted = (value: string) => read(`{"access_token":"a","token_type":"bearer","restricted_to":${value}}`)
  expect(left(restricted('[{},{"__proto__":{}}]'))).toMatchObject({ path: 'restricted_to' })
  expect(right(restricted('[]')).restrictedTo).toEqual([])
  expect(right(restricted('[{}]')).restrictedTo).toEqual([{}])
})

test('where the server says nothing of them: no restriction, no scope, no end, no further member', () => {
  expect(right(read({ access_token: 'a', token_type: 'bearer' }))).toMatchObject({
    ...{
      restrictedTo: [],
      scope: [],
      expiresAt: O.none,
      refreshToken: O.none,
      issuedTokenType: O.none,
      subject: O.none,
      jkt: O.none,
    },
    members: new Map(),
  })
})

test.each(['mac', '', 1])('RFC 8693 §2.2.1: what is no access token is not of the type %j either', (token_type) => {
  expect(left(read({ access_token: 'a', token_type, issued_token_type: ID_TOKEN }, identity))).toMatchObject({
    path: 'token_type',
  })
})

test('what is expected is said', () => {
  expect(left(read({ access_token: 'a', token_type: 'N_A' }))).toMatchObject({ expected: '"bearer"' })
  expect(left(read({ access_token: 'a', token_type: 'mac' }))).toMatchObject({ expected: '"bearer"' })
  const said = AuthError.show.show(left(read(good, tokenResponse({ refreshTokenRequired: true }))))
  expect(said).toMatch(
    /^malformed token response: refresh_token is not there: .*offline_access.*refreshTokenRequired: false/,
  )
})

// HubSpot's page “Manage OAuth access tokens”, and Bitbucket's answers.
test('the scopes are in the member that the provider says', () => {
  const provider: Provider = { ...Provider.rfc, scopeMember: 'scopes' }
  const scopeOf = (scopes: unknown) => {
    const body = Secret.make('Body', JSON.stringify({ access_token: 'A', token_type: 'bearer', scopes }))
    return right(tokenResponse({ provider })(body, NOW)).scope
  }
  expect(scopeOf(['oauth', 'crm'])).toEqual(['oauth', 'crm'])
  expect(scopeOf('repository account')).toEqual(['repository', 'account'])
  for (const rubbish of [undefined, null, 7, [7], '\u0000']) expect(scopeOf(rubbish)).toEqual([])
})
