import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Secret, TokenSet } from '@tessera/core'
import { memberNames, secrets, tokenSets } from '@tessera/testing'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { access, left, right, token } from './support/basics.js'

const { codec } = TokenSet

/** All that a token set holds, opened. */
const opened = (of: TokenSet): object => ({
  ...of,
  accessToken: Secret.open(of.accessToken),
  refreshToken: O.map(Secret.open)(of.refreshToken),
  members: Array.from(of.members, ([name, value]) => [name, JSON.parse(Secret.open(value))] as const).sort(
    ([a], [b]) => (a < b ? -1 : 1),
  ),
})

const entriesOf = (json: object): ReadonlyArray<readonly [string, unknown]> =>
  Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1))

const throughText = (value: TokenSet): TokenSet => right(codec.decode(JSON.parse(JSON.stringify(codec.encode(value)))))

const known = [
  'v',
  'access_token',
  'refresh_token',
  'issued_at',
  'expires_at',
  'scope',
  'token_type',
  'restricted_to',
  'issued_token_type',
  'subject',
  'jkt',
  'members',
]

describe('codec', () => {
  test('a token set comes back from its record, members of any name included', () => {
    fc.assert(fc.property(tokenSets, (value) => expect(opened(throughText(value))).toEqual(opened(value))))
  })

  test('a member cannot pass for something else, whatever its name', () => {
    fc.assert(
      fc.property(tokenSets, fc.constantFrom(...known), fc.jsonValue(), (value, name, content) => {
        const member = Secret.make('Member', JSON.stringify(content))
        const odd = TokenSet.make(value.accessToken, {
          ...value,
          members: new Map([
            [name, member],
            [`tessera ${name}`, member],
          ]),
        })
        expect(opened(throughText(odd))).toEqual(opened(odd))
      }),
    )
  })

  test('what a later version adds is kept', () => {
    const added = fc.dictionary(
      memberNames.filter((name) => !known.includes(name)),
      fc.jsonValue(),
      { noNullPrototype: true },
    )
    fc.assert(
      fc.property(tokenSets, added, (value, later) => {
        const record = { ...JSON.parse(JSON.stringify(codec.encode(value))), ...later }
        const again = JSON.parse(JSON.stringify(codec.encode(right(codec.decode(record)))))
        expect(entriesOf(again)).toEqual(entriesOf(JSON.parse(JSON.stringify(record))))
      }),
    )
  })

  test('no member changes a prototype', () => {
    const record = JSON.parse(
      '{"v":1,"access_token":"a","members":{"__proto__":{"x":1}},"__proto__":{"subject":"mallory"}}',
    )
    const decoded = right(codec.decode(record))
    expect(decoded.subject).toEqual(O.none)
    expect([...decoded.members.keys()].sort()).toEqual(['__proto__', 'tessera __proto__'])
    expect(Object.getPrototypeOf(codec.encode(decoded))).toBe(Object.prototype)
    expect(JSON.parse(JSON.stringify(codec.encode(decoded)))).toEqual(record)
  })

  test.each([
    ['expires_at', '1e999'],
    ['issued_at', '-1e999'],
    ['expires_at', '"1700000000000"'],
    ['access_token', 'null'],
    ['access_token', '1'],
    ['refresh_token', '{}'],
    ['scope', '"item_read"'],
    ['scope', '[1]'],
    ['members', '[]'],
    ['members', 'null'],
    ['v', '2'],
    ['v', '"1"'],
  ])('a wrong %s is refused: %s', (name, text) => {
    const record = { v: 1, access_token: 'a', ...JSON.parse(`{"${name}":${text}}`) }
    expect(E.isLeft(codec.decode(record))).toBe(true)
  })

  test('anything is decoded or refused, without a throw', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(['Left', 'Right']).toContain(codec.decode(value)._tag)
      }),
    )
    expect(left(codec.decode(null)).length).toBeGreaterThan(0)
  })

  test('the record of the first release stays readable, and is written as it was', () => {
    const golden = JSON.parse(readFileSync(join(__dirname, 'fixtures/tokenSet.v1.json'), 'utf8'))
    const value = right(codec.decode(golden))
    expect(opened(value)).toEqual({
      accessToken: 'golden access',
      refreshToken: O.some('golden refresh'),
      issuedAt: O.some(1700000000000),
      expiresAt: O.some(1700003600000),
      scope: ['item_read', 'item_preview'],
      tokenType: 'Bearer',
      restrictedTo: [{ scope: 'item_preview', object: { type: 'file', id: '123' } }],
      issuedTokenType: O.some('urn:ietf:params:oauth:token-type:access_token'),
      subject: O.some('user:7'),
      jkt: O.none,
      members: [
        ['id_token', 'golden identity'],
        ['nested', { a: [1, null, true] }],
        ['tessera added_later', { since: 2 }],
      ],
    })
    expect(JSON.parse(JSON.stringify(codec.encode(value)))).toEqual(golden)
  })

  test('is', () => {
    fc.assert(fc.property(tokenSets, (value) => expect(codec.is(value)).toBe(true)))
    expect([null, 1, {}, { access_token: 'a' }].some(codec.is)).toBe(false)
    fc.assert(
      fc.property(tokenSets, fc.constantFrom(...Object.keys(token('a'))), (value, name) => {
        for (const wrong of [
          undefined,
          null,
          7,
          {},
          { _tag: 'Some' },
          { _tag: 'Some', value: {} },
          { _tag: 'Other', value: 'a' },
        ]) {
          expect(codec.is({ ...value, [name]: wrong })).toBe(false)
        }
      }),
    )
  })
})

describe('make', () => {
  test('only the access token is needed', () => {
    expect(token('abc')).toEqual({
      accessToken: access('abc'),
      refreshToken: O.none,
      issuedAt: O.none,
      expiresAt: O.none,
      scope: [],
      tokenType: 'bearer',
      restrictedTo: [],
      issuedTokenType: O.none,
      subject: O.none,
      jkt: O.none,
      members: new Map(),
    })
  })
})

describe('succeeding', () => {
  test('B-OAUTH2-07 an answer without refresh token, scope or subject keeps the old ones; all else is new', () => {
    fc.assert(
      fc.property(tokenSets, tokenSets, (before, after) => {
        const next = TokenSet.succeeding(before)(after)
        const { refreshToken, scope, subject, ...rest } = next
        expect(refreshToken).toBe(O.isSome(after.refreshToken) ? after.refreshToken : before.refreshToken)
        expect(scope).toBe(after.scope.length > 0 ? after.scope : before.scope)
        expect(subject).toBe(O.isSome(after.subject) ? after.subject : before.subject)
        expect(after).toMatchObject(rest)
      }),
    )
  })

  test('succession is associative', () => {
    fc.assert(
      fc.property(tokenSets, tokenSets, tokenSets, (a, b, c) => {
        expect(TokenSet.succeeding(TokenSet.succeeding(a)(b))(c)).toEqual(
          TokenSet.succeeding(a)(TokenSet.succeeding(b)(c)),
        )
      }),
    )
  })
})

test('a record shows its secrets only when it is opened', () => {
  fc.assert(
    fc.property(secrets('AccessToken'), (secret) => {
      const value = TokenSet.make(secret)
      expect(JSON.stringify(value)).not.toContain(JSON.stringify(Secret.open(secret)))
      expect(codec.encode(value).access_token).toBe(Secret.open(secret))
    }),
  )
})
