/** Addresses of every kind. fast-check has such too, but reads a table of all characters before the first: that takes a second. */
import { codePoints } from '@tessera/testing'
import * as fc from 'fast-check'

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** A character that is escaped, even if it need not be. */
const escaped = codePoints.map((character) => {
  const encoded = encodeURIComponent(character)
  return encoded === character ? `%${character.charCodeAt(0).toString(16)}` : encoded
})

const textOf = (others: string): fc.Arbitrary<string> =>
  fc.string({
    unit: fc.oneof(
      { weight: 10, arbitrary: fc.constantFrom(...LETTERS, ...others) },
      { weight: 1, arbitrary: escaped },
    ),
  })

/** As of `fc.webPath`: RFC 3986 §3.3. */
export const webPaths: fc.Arbitrary<string> = fc
  .array(textOf("-._~!$&'()*+,;=:@"))
  .map((parts) => parts.map((part) => `/${part}`).join(''))

/** As of `fc.webUrl`, with a query or without: RFC 3986 §3.4. */
export const webUrls: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom('http', 'https'),
    fc.webAuthority(),
    webPaths,
    fc.option(textOf("-._~!$&'()*+,;=:@/?").map((query) => `?${query}`)),
  )
  .map(([scheme, authority, path, query]) => `${scheme}://${authority}${path}${query ?? ''}`)
