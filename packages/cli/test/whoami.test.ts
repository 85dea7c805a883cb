import * as fc from 'fast-check'
import * as O from 'fp-ts/lib/Option.js'
import { redirectHtml } from '../src/login/redirectPage.js'
import { nameOf } from '../src/login/whoami.js'

describe('who logged in', () => {
  it('steers no terminal, and is told by what identifies its bearer', () => {
    const text = fc.option(
      fc.string({ unit: fc.constantFrom('a', 'é', ' ', '\u001b', '\u202e', '\u2066', '\n', '<') }),
      {
        nil: undefined,
      },
    )
    fc.assert(
      fc.property(text, text, (name, address) => {
        const told = nameOf(name, address)
        expect(O.isSome(told)).toBe(/[aé]/.test(address ?? ''))
        if (O.isSome(told)) {
          expect(told.value).not.toMatch(/[\p{Cc}\p{Cf}]/u)
          expect(told.value).toMatch(/^[^<>]+(?: <[^<>]+>)?$/)
        }
      }),
    )
    expect(nameOf('Ann', 'ann@example.org')).toEqual(O.some('Ann <ann@example.org>'))
    expect(nameOf('Ann <ann@example.org>', '4711')).toEqual(O.some('Ann ann@example.org <4711>'))
  })
})

describe('the page that sends a browser to a login', () => {
  it('has the address and nothing that an address could break out to', () => {
    const url = fc
      .webUrl({ withQueryParameters: true, withFragments: true })
      .chain((base) =>
        fc
          .string({ unit: fc.constantFrom('"', "'", '<', '>', '&', ';', '=', 'a') })
          .map((text) => `${base}?x=${text}&${text}`),
      )
    fc.assert(
      fc.property(url, (address) => {
        const html = redirectHtml(address)
        expect(html.match(/</g)).toHaveLength(redirectHtml('https://as.example/').match(/</g)?.length ?? 0)
        const [, refresh = ''] = /content="0;url=([^"]*)"/.exec(html) ?? []
        const entities = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" } as const
        const read = Object.entries(entities).reduceRight((text, [from, to]) => text.replaceAll(from, to), refresh)
        expect(read).toBe(new URL(address).href)
      }),
    )
  })
})
