import { Secret } from '@tessera/core'
import { codePoints } from '@tessera/testing'
import fc from 'fast-check'
import { encode, form } from '../src/internal/form.js'
import { left, right } from './support.js'

const text = fc.string({ unit: codePoints })
const pairs = fc.uniqueArray(fc.tuple(text, text), { selector: ([name]) => name })

test('RFC 6749 appendix B: any names and values come back, in their order', () => {
  fc.assert(
    fc.property(pairs, (given) => {
      expect(Array.from(new URLSearchParams(right(form(given))))).toEqual(given)
    }),
  )
})

test('RFC 6749 appendix B: the encoding is that of URLSearchParams', () => {
  fc.assert(
    fc.property(pairs, (given) => {
      expect(right(form(given))).toBe(new URLSearchParams(given).toString())
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
    fc.property(text, fc.integer({ min: 0xd800, max: 0xdfff }), (text, half) => {
      expect(() => encode(text + String.fromCharCode(half))).not.toThrow()
    }),
  )
})

test('a Secret is opened for the wire', () => {
  expect(right(form([['code', Secret.make('AuthorizationCode', 'a b')]]))).toBe('code=a+b')
})

test('RFC 6749 §3.2: names that are encoded alike are one name', () => {
  const encodedAlike = form([
    ['\ud800', '1'],
    ['\ufffd', '2'],
  ])
  expect(left(encodedAlike)).toMatchObject({ message: 'there is more than one %EF%BF%BD' })
})

test('RFC 6749 §3.2, RFC 8693 §2.1: of one name there is one parameter, but for resource and audience', () => {
  fc.assert(
    fc.property(pairs, fc.constantFrom('a &', 'resource', 'audience'), text, text, (given, name, one, other) => {
      const encoded = form([...given.filter(([of]) => of !== name), [name, one], [name, other]])
      if (name === 'a &') expect(left(encoded)).toMatchObject({ message: 'there is more than one a+%26' })
      else expect(new URLSearchParams(right(encoded)).getAll(name)).toEqual([one, other])
    }),
  )
})
