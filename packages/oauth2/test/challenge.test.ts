import { codePoints } from '@tessera/testing'
import fc from 'fast-check'
import * as O from 'fp-ts/lib/Option.js'
import { challenge } from '../src/index.js'

const some = (header: string) => O.toUndefined(challenge(header))

test('RFC 9728 §5.1, RFC 6750 §3: what an API says', () => {
  const header =
    'Bearer realm="example", resource_metadata="https://mcp.example/.well-known/oauth-protected-resource", ' +
    'error="insufficient_scope", error_description="More is \\"needed\\"", scope="files:read files:write"'
  expect(some(header)).toEqual({
    scheme: 'Bearer',
    error: O.some('insufficient_scope'),
    description: O.some('More is "needed"'),
    scope: ['files:read', 'files:write'],
    resourceMetadata: O.some('https://mcp.example/.well-known/oauth-protected-resource'),
  })
})

const empty = { error: O.none, description: O.none, scope: [], resourceMetadata: O.none }

test.each([
  ['Bearer', { scheme: 'Bearer', ...empty }],
  ['bearer', { scheme: 'Bearer', ...empty }],
  ['  ,Bearer ,', { scheme: 'Bearer', ...empty }],
  ['Bearer realm=a', { scheme: 'Bearer', ...empty }],
  ['BEARER ERROR = invalid_token', { scheme: 'Bearer', ...empty, error: O.some('invalid_token') }],
  ['Basic realm="Bearer error=no", Bearer error=yes', { scheme: 'Bearer', ...empty, error: O.some('yes') }],
  ['Negotiate Bearer, DPoP error="a"', { scheme: 'DPoP', ...empty, error: O.some('a') }],
  ['Negotiate YWJj==,Bearer error="a"', { scheme: 'Bearer', ...empty, error: O.some('a') }],
  ['Negotiate,Bearer,Basic', { scheme: 'Bearer', ...empty }],
  ['Bearer error=a, Bearer error=b', { scheme: 'Bearer', ...empty, error: O.some('a') }],
  ['Bearer error=a, error=b', { scheme: 'Bearer', ...empty, error: O.some('a') }],
  ['Bearer error="a" scope="b"', { scheme: 'Bearer', ...empty, error: O.some('a'), scope: ['b'] }],
  ['Bearer scope="  a  b "', { scheme: 'Bearer', ...empty, scope: ['a', 'b'] }],
  ['Bearer error=a, =, scope=b', { scheme: 'Bearer', ...empty, error: O.some('a') }],
  ['Bearer scope="unclosed', { scheme: 'Bearer', ...empty }],
])('RFC 9110 §11.6.1: %j', (header, expected) => {
  expect(some(header)).toEqual(expected)
})

test.each(['', ' ', ',', '=', 'Basic realm="Bearer"', 'Basic', 'error="a"', '"Bearer"', '__proto__ error=a'])(
  'there is none: %j',
  (header) => {
    expect(challenge(header)).toEqual(O.none)
  },
)

const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`
const visible = fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)) })
const word = fc.stringMatching(/^[\x21\x23-\x5b\x5d-\x7e]{1,9}$/)
const other = fc.oneof(
  visible.map((realm) => `Basic realm=${quoted(realm)}`),
  fc.constantFrom('Negotiate', 'Negotiate YWJj=', 'Digest nonce="a", qop="auth"'),
)

test('what is written is read, whatever is beside it', () => {
  fc.assert(
    fc.property(fc.array(other), fc.array(other), visible, fc.array(word), (before, after, error, scope) => {
      const own = `Bearer error=${quoted(error)},scope=${quoted(scope.join(' '))}`
      expect(some([...before, own, ...after].join(', '))).toMatchObject({
        error: O.some(error.slice(0, 500)),
        scope,
      })
    }),
  )
})

test('any text is read, and what people are shown has no control character', () => {
  fc.assert(
    fc.property(fc.string({ unit: codePoints, maxLength: 200 }), (rubbish) => {
      expect(some(`Bearer error="${rubbish}`)?.scheme).toBe('Bearer')
      const found = some(`Bearer error=${quoted(`${rubbish}\u202e\u0007`)}`)
      expect(O.toUndefined(found?.error ?? O.none)).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    }),
  )
})

test('a huge header takes no longer than its length', () => {
  for (const piece of ['Bearer ', 'a="', 'a=" ', '\\"', 'a=b ', ', ', '=', 'x,']) {
    const header = `Bearer error="a", ${piece.repeat(100_000)}`
    expect(some(header)?.error).toEqual(O.some('a'))
  }
})
