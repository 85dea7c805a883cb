import * as Box from '@tessera/box'
import { AuthError } from '@tessera/core'
import { codePoints } from '@tessera/testing'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'

const API = 'https://api.box.com'

test('S-OAUTH2-14 an item is its full URL', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n }), fc.nat(2), (number, slashes) => {
      const id: Box.ItemId = `${number}`
      expect(Box.itemId(id)).toEqual(E.right(id))
      expect(Box.file(id)).toBe(`${API}/2.0/files/${id}`)
      expect(Box.folder(id)).toBe(`${API}/2.0/folders/${id}`)
      expect(Box.file(id, { api: `http://127.0.0.1:1234${'/'.repeat(slashes)}` })).toBe(
        `http://127.0.0.1:1234/2.0/files/${id}`,
      )
    }),
  )
})

test('an id that is not digits is refused, and not repeated', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: codePoints }).filter((text) => !/^[0-9]+$/.test(text)),
      (text) => {
        const refused = Box.itemId(`${text}`)
        expect(refused).toMatchObject(E.left({ _tag: 'Misconfigured', field: 'resource' }))
        if (E.isLeft(refused) && text.length > 12) expect(AuthError.show.show(refused.left)).not.toContain(text)
      },
    ),
  )
})

test.each(['', ' 1', '1\n', '-1', '1.0', '1e3', '٣', '../users/me', '1?x', '1#x', '0x1'])('%j is no id', (text) => {
  expect(E.isLeft(Box.itemId(text))).toBe(true)
})

test('a literal that is no number does not compile, and cannot leave its place where it is forced in', () => {
  // @ts-expect-error not an id
  expect(Box.file('../users/me?x=1')).toBe(`${API}/2.0/files/..%2Fusers%2Fme%3Fx%3D1`)
})

test('a shared link is a parameter', () => {
  expect(Box.sharedLink('https://app.box.com/s/abc')).toEqual({ box_shared_link: 'https://app.box.com/s/abc' })
})
