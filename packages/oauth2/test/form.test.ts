import { Secret } from '@tessera/core'
import { codePoints } from '@tessera/testing'
import fc from 'fast-check'
import { encode, form, join } from '../src/internal/form.js'

const pairs = fc.array(fc.tuple(fc.string({ unit: codePoints }), fc.string({ unit: codePoints })))

test('RFC 6749 appendix B: any names and values come back, in their order', () => {
  fc.assert(
    fc.property(pairs, (given) => {
      expect(Array.from(new URLSearchParams(form(given)))).toEqual(given)
    }),
  )
})

test('RFC 6749 appendix B: the encoding is that of URLSearchParams', () => {
  fc.assert(
    fc.property(pairs, (given) => {
      expect(form(given)).toBe(new URLSearchParams(given).toString())
    }),
  )
})

test('RFC 6749 appendix B: every character, alone', () => {
  for (let point = 0; point < 0x300; point++) {
    const character = String.fromCodePoint(point)
    expect(`v=${encode(character)}`).toBe(new URLSearchParams([['v', character]]).toString())
  }
})

test('RFC 6749 appendix B: its example', () => {
  expect(encode(' %&+£€')).toBe('+%25%26%2B%C2%A3%E2%82%AC')
})

test('a lone surrogate is replaced, it does not throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: codePoints }), fc.integer({ min: 0xd800, max: 0xdfff }), (text, half) => {
      expect(() => encode(text + String.fromCharCode(half))).not.toThrow()
    }),
  )
})

test('a Secret is opened for the wire', () => {
  expect(form([['code', Secret.make('AuthorizationCode', 'a b')]])).toBe('code=a+b')
})

test('empty parts leave no ampersand', () => {
  expect(join('', 'a=1', '', 'b=2', '')).toBe('a=1&b=2')
})
