import { instant, Secret } from '@tessera/core'
import { codePoints } from '@tessera/testing'
import fc from 'fast-check'
import * as O from 'fp-ts/lib/Option.js'
import { retryAfter, serverAnswer } from '../src/index.js'
import { httpDate } from '../src/internal/httpDate.js'
import { type Answer, NOW, response } from './support.js'

const secrets = [Secret.make('ClientSecret', 'C4NARY/+ß'), Secret.make('RefreshToken', 'r3fresh')]
const read = (answer: Answer) =>
  serverAnswer({ method: 'POST', url: 'https://as.example/token', secrets })(response({ status: 400, ...answer }), NOW)

test('RFC 6749 §5.2: its error', () => {
  expect(read({ body: { error: 'invalid_grant', error_description: 'code expired' } })).toEqual({
    method: 'POST',
    url: 'https://as.example/token',
    status: 400,
    error: O.some('invalid_grant'),
    description: O.some('code expired'),
    requestId: O.none,
    date: O.none,
    retryAfter: O.none,
  })
})

test("B-OAUTH2-02 Box's general error", () => {
  const body = { type: 'error', status: 400, code: 'bad_request', message: 'no', request_id: 'abc', help_url: 'x' }
  expect(read({ body })).toMatchObject({
    error: O.some('bad_request'),
    description: O.some('no'),
    requestId: O.some('abc'),
  })
})

test.each(['box-request-id', 'x-request-id'])('the request id from the header %s', (name) => {
  expect(read({ headers: { [name]: 'abc' } }).requestId).toEqual(O.some('abc'))
})

test.each([
  '',
  '<html>',
  '[]',
  'null',
  '{"error":1,"error_description":{},"request_id":[]}',
  '{"error":""}',
  '{"__proto__":{"error":"x"}}',
])('the body %j says nothing, and is no crash', (body) => {
  expect(read({ body })).toMatchObject({ error: O.none, description: O.none, requestId: O.none })
})

test('secrets that the server echoes are redacted, in any form, in every text', () => {
  const value = 'C4NARY/+ß'
  const echoes = [value, encodeURIComponent(value), Buffer.from(value).toString('base64'), JSON.stringify(value)]
  for (const echo of echoes) {
    const shown = JSON.stringify(
      read({
        body: { error: echo, error_description: `bad ${echo}!`, request_id: echo },
        headers: { 'x-request-id': echo },
      }),
    )
    for (const form of echoes) expect(shown).not.toContain(form)
  }
})

test('a control or format character inside a secret does not hide it', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('\n', '\u0000', '\u200b', '\u202e', '\u2028', '\ud800'),
      fc.nat({ max: 6 }),
      (hidden, at) => {
        const description = `r3fresh`.slice(0, at) + hidden + `r3fresh`.slice(at)
        expect(read({ body: { error: 'e', error_description: description } }).description).toEqual(O.some('<redacted>'))
      },
    ),
  )
})

test('texts are at most 500 characters, without control characters, cut after the redaction', () => {
  fc.assert(
    fc.property(fc.string({ unit: codePoints, minLength: 1, maxLength: 2_000 }), fc.nat({ max: 600 }), (text, at) => {
      const description = read({ body: { error_description: `${'x'.repeat(at)}r3fresh${text}` } }).description
      const shown = O.getOrElse(() => '')(description)
      expect(shown.length).toBeLessThanOrEqual(500)
      expect(shown).not.toMatch(/\p{Cc}/u)
      expect(shown).not.toContain('r3f')
    }),
  )
})

// -----------------------------------------------------------------------------
// dates
// -----------------------------------------------------------------------------

test('RFC 9110 §5.6.7: the three forms of its example', () => {
  const then = O.some(Date.UTC(1994, 10, 6, 8, 49, 37))
  expect(httpDate('Sun, 06 Nov 1994 08:49:37 GMT')).toEqual(then)
  expect(httpDate('Sun Nov  6 08:49:37 1994')).toEqual(then)
  expect(httpDate('Sunday, 06-Nov-24 08:49:37 GMT')).toEqual(O.some(Date.UTC(2024, 10, 6, 8, 49, 37)))
})

test('every date of Node is read', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }), (date) => {
      expect(httpDate(date.toUTCString())).toEqual(O.some(Math.floor(date.getTime() / 1_000) * 1_000))
    }),
    { numRuns: 2_000 },
  )
})

test.each([
  '',
  'soon',
  'soon 1',
  '2024-01-01T00:00:00Z',
  'Sun, 06 Foo 1994 08:49:37 GMT',
  'Sun, 06 Nov 1994 25:00:00 GMT',
  'Sun, 06 Nov 1994 08:49:37 CET',
  '1e3',
])('%j is no HTTP date', (text) => {
  expect(httpDate(text)).toEqual(O.none)
  expect(read({ headers: { date: text, 'retry-after': `${text}x` } })).toMatchObject({
    date: O.none,
    retryAfter: O.none,
  })
})

test('B-OAUTH2-04 Retry-After in seconds', () => {
  fc.assert(fc.property(fc.nat(), (count) => expect(retryAfter(String(count), NOW)).toEqual(O.some(count * 1_000))))
})

test("B-OAUTH2-04 Retry-After as a date, relative to the server's clock, not to ours", () => {
  const headers = { date: 'Sun, 06 Nov 1994 08:49:37 GMT', 'retry-after': 'Sun, 06 Nov 1994 08:50:37 GMT' }
  expect(read({ headers }).retryAfter).toEqual(O.some(60_000))
})

test('space around Retry-After is none of it', () => {
  expect(read({ headers: { 'retry-after': ' 30 ' } }).retryAfter).toEqual(O.some(30_000))
})

test('Retry-After as a date without a Date is relative to our clock', () => {
  const later = new Date(NOW + 30_000).toUTCString()
  expect(read({ headers: { 'retry-after': later } }).retryAfter).toEqual(O.some(30_000))
})

test.each(['-5', 'Sun, 06 Nov 1994 08:49:37 GMT', '0'])('Retry-After %s, in the past, is no wait', (text) => {
  expect(retryAfter(text, NOW)).toEqual(O.some(0))
})

test.each(['', 'soon', '1.5', '1e9', '9'.repeat(30), 'NaN', '0x10', '5 s'])('Retry-After %j is rubbish', (text) => {
  expect(retryAfter(text, instant(0))).toEqual(O.none)
})
