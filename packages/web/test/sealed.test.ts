/** For whom a cookie opens, and whom a key names. */
import * as fc from 'fast-check'
import * as O from 'fp-ts/lib/Option.js'
import { isOwn, keyOf } from '../src/internal/keys.js'
import { sealingOf } from '../src/internal/sealed.js'
import { cipherOf } from './support/world.js'

const part = fc.constantFrom('a', 'b', 'a b', '["a"', '","')
const place = fc.tuple(part, part, part)

test('a cookie opens for the origin, the name and the issuer that it was sealed for, and for no other', () => {
  const cipher = cipherOf()
  const at = ([origin, name, issuer]: readonly [string, string, string]) => sealingOf(cipher, origin, { name, issuer })
  fc.assert(
    fc.property(place, place, (one, other) => {
      const isSame = one.every((each, index) => each === other[index])
      const session = { sub: 'ann', id: '1' }
      const opened = at(other).openSession(at(one).sealSession(session)())
      expect(O.isSome(opened)).toBe(isSame)
      if (O.isSome(opened)) expect(opened.value).toMatchObject(session)
      const to = at(other).openReturn('1', at(one).sealReturn('1', '/page')())
      expect(to._tag).toBe(isSame ? 'Right' : 'Left')
    }),
  )
})

test('a key names one person of one application', () => {
  fc.assert(
    fc.property(place, place, ([name, issuer, sub], [otherName, otherIssuer, otherSub]) => {
      const [one, other] = [
        { name, issuer },
        { name: otherName, issuer: otherIssuer },
      ]
      const isOne = name === otherName && issuer === otherIssuer
      expect(keyOf(one, sub) === keyOf(other, otherSub)).toBe(isOne && sub === otherSub)
      expect(isOwn(other, keyOf(one, sub))).toBe(isOne)
    }),
  )
})
