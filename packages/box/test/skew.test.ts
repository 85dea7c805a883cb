import * as Box from '@tessera/box'
import { instant, type ServerAnswer } from '@tessera/core'
import * as fc from 'fast-check'
import * as O from 'fp-ts/lib/Option.js'

const NOW = instant(1_700_000_600_000)
const date = O.some(instant(1_700_000_000_000))
const answer = (about: Partial<ServerAnswer>): ServerAnswer => ({
  method: 'POST',
  url: 'https://api.box.com/oauth2/token',
  status: 400,
  error: O.some('invalid_grant'),
  description: O.some("Please check the 'exp' claim."),
  requestId: O.none,
  date,
  retryAfter: O.none,
  ...about,
})

test.each([
  "Please check the 'exp' claim.",
  "Please check the 'exp' claim. The 'exp' value exceeds the maximum value of 60 seconds beyond the issue time.",
  "Current date/time MUST be before the expiration date/time listed in the 'exp' claim",
  'exp',
  'the "exp" claim',
  'claim exp: too late',
  'EXP is over',
])('S-JWT-05 about the clock: %s', (description) => {
  expect(Box.clockSkew(answer({ description: O.some(description) }), NOW)).toEqual(date)
})

test.each([
  'unexpected value',
  'The assertion has expired',
  'expiration',
  'expected a claim',
  'exponent of the key',
  'exp_claim',
  'regexp',
  "Please check the 'sub' claim. The 'sub' specified is invalid.",
  "Please check the 'iat' claim.",
  "Please check the 'nbf' claim.",
  '',
])('B-JWT-01 not about the clock: %j', (description) => {
  expect(Box.clockSkew(answer({ description: O.some(description) }), NOW)).toEqual(O.none)
})

test.each<[string, Partial<ServerAnswer>]>([
  ['another status', { status: 401 }],
  ['a server error', { status: 500 }],
  ['another error', { error: O.some('invalid_client') }],
  ['no error', { error: O.none }],
  ['no description', { description: O.none }],
  ['no date that can be read', { date: O.none }],
])('S-JWT-05 not with %s', (_, about) => {
  expect(Box.clockSkew(answer(about), NOW)).toEqual(O.none)
})

test('B-JWT-01 a word that only contains exp never counts', () => {
  const letters = fc.string({ unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz_0123456789'), maxLength: 8 })
  fc.assert(
    fc.property(letters, letters, fc.lorem(), (before, after, rest) => {
      fc.pre(before !== '' || after !== '')
      const description = O.some(`${rest} ${before}exp${after} ${rest}`)
      expect(Box.clockSkew(answer({ description }), NOW)).toEqual(O.none)
    }),
  )
})

test('S-JWT-05 a date more than two years from our clock is not believed', () => {
  const TWO_YEARS = 2 * 365 * 24 * 3_600_000
  fc.assert(
    fc.property(fc.integer({ min: -2 * TWO_YEARS, max: 2 * TWO_YEARS }), (away) => {
      const then = O.some(instant(NOW + away))
      expect(Box.clockSkew(answer({ date: then }), NOW)).toEqual(Math.abs(away) <= TWO_YEARS ? then : O.none)
    }),
  )
  expect(Box.clockSkew(answer({ date: O.some(instant(253_402_300_799_000)) }), NOW)).toEqual(O.none)
})
