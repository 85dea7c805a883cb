import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AuthError, CellCodec, instant, Lifecycle, Secret, TokenSet } from '@tessera/core'
import { cells, tokenTexts } from '@tessera/testing'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { isShallow } from '../src/internal/shapes.js'
import { tokenSetOf } from '../src/internal/tokenSetOf.js'
import { access, left, right } from './support/basics.js'

const record = (text: string) => O.some(Secret.make('Record', text))
const recordOf = (json: unknown) => record(JSON.stringify(json))
const jsonOf = (cell: Parameters<typeof CellCodec.encode>[0]): unknown =>
  JSON.parse(Secret.open(CellCodec.encode(cell)))
const entriesOf = (json: unknown): ReadonlyArray<readonly [string, unknown]> =>
  Object.entries(Object(json)).sort(([a], [b]) => (a < b ? -1 : 1))
const minimal = { v: 1, epoch: 0, generation: 0 }

test('a cell comes back from its record', () => {
  fc.assert(
    fc.property(cells, (cell) => {
      const encoded = CellCodec.encode(cell)
      const decoded = right(CellCodec.decode(O.some(encoded)))
      expect(jsonOf(decoded)).toEqual(JSON.parse(Secret.open(encoded)))
      expect({ ...decoded, token: O.none }).toEqual({ ...cell, token: O.none })
      expect(O.isSome(decoded.token)).toBe(O.isSome(cell.token))
    }),
  )
})

test('no record is the empty cell', () => {
  expect(CellCodec.decode(O.none)).toEqual({ _tag: 'Right', right: Lifecycle.empty })
  expect(right(CellCodec.decode(recordOf(minimal)))).toEqual(Lifecycle.empty)
})

test('a verdict of a later version is kept, and read as held by another', () => {
  const tags = fc.string().filter((tag) => !['log in again', 'revoked', 'cooling down'].includes(tag))
  fc.assert(
    fc.property(cells, tags, fc.dictionary(fc.string(), fc.jsonValue()), (cell, tag, more) => {
      const later = { ...JSON.parse(JSON.stringify(jsonOf(cell))), verdict: { ...more, tag } }
      const decoded = right(CellCodec.decode(recordOf(later)))
      expect(decoded.status._tag).toBe('Foreign')
      expect(jsonOf(decoded)).toEqual(JSON.parse(JSON.stringify(later)))
    }),
  )
})

test.each([
  { tag: 'cooling down' },
  { tag: 'cooling down', until: '2030-01-01' },
  { tag: 'held', until: '2030-01-01' },
  { tag: 'held', until: 1_700_000_000_000 },
])('a verdict in words that this version does not know is kept: %j', (verdict) => {
  const decoded = right(CellCodec.decode(recordOf({ ...minimal, verdict })))
  expect(decoded.status._tag).toBe('Foreign')
  expect(jsonOf(decoded)).toEqual({ ...minimal, verdict })
})

test('members of a later version are kept', () => {
  const known = ['v', 'epoch', 'generation', 'origin', 'token', 'refused', 'intent', 'verdict']
  const names = fc.oneof(fc.string(), fc.constant('__proto__')).filter((name) => !known.includes(name))
  fc.assert(
    fc.property(cells, fc.array(fc.tuple(names, fc.jsonValue())), (cell, added) => {
      const json = { ...Object.fromEntries(added), ...JSON.parse(JSON.stringify(jsonOf(cell))) }
      const again = jsonOf(right(CellCodec.decode(recordOf(json))))
      expect(entriesOf(again)).toEqual(entriesOf(JSON.parse(JSON.stringify(json))))
    }),
  )
})

test('a member named __proto__ is a member', () => {
  const text =
    '{"v":1,"epoch":0,"generation":0,"token":{"v":1,"access_token":"a"},"__proto__":{"refused":true,"origin":"7"}}'
  const decoded = right(CellCodec.decode(record(text)))
  expect({ ...decoded, token: O.none, later: O.none }).toEqual(Lifecycle.empty)
  expect(JSON.parse(Secret.open(CellCodec.encode(decoded)))).toEqual(JSON.parse(text))
})

test.each([
  ['epoch', -1],
  ['epoch', 1.5],
  ['epoch', 2 ** 53],
  ['generation', '1'],
  ['v', 2],
  ['origin', 1],
  ['refused', 'yes'],
  ['intent', { nonce: 1, first_at: 0, until: 0, recovery: false }],
  ['intent', {}],
  ['intent', null],
  ['verdict', 'revoked'],
  ['verdict', {}],
  ['token', { v: 1 }],
  ['token', { v: 1, access_token: 'a', expires_at: 'soon' }],
  ['owed', {}],
  ['owed', { tokens: [{ v: 1 }], retry_at: 0 }],
  ['owed', { tokens: [], retry_at: 'soon' }],
])('a wrong %s is reported by its path: %j', (name, value) => {
  const error = left(CellCodec.decode(recordOf({ ...minimal, [name]: value })))
  expect(error).toMatchObject({ _tag: 'StoreFailed', operation: 'decode', pending: false })
  expect(AuthError.show.show(error)).toContain(`a wrong ${name}`)
})

test.each([
  ['nothing but members', [], 'v, epoch, generation'],
  [
    'a member of a member',
    { ...minimal, intent: { nonce: 'n', first_at: 'x', until: 0, recovery: false } },
    'intent.first_at',
  ],
  [
    'a place in a list, which is not named; digits in a name are',
    { ...minimal, token: { v: 1, access_token: 'a', scope: [...Array.from({ length: 11 }, () => 's'), 7] } },
    'token.scope',
  ],
])('where it is wrong is told in full: %s', (_, json, path) => {
  expect(left(CellCodec.decode(recordOf(json)))).toEqual(
    AuthError.storeFailed('decode', `the record has a wrong ${path}`),
  )
})

test('what is not JSON is called that', () => {
  expect(left(CellCodec.decode(record('{')))).toEqual(AuthError.storeFailed('decode', 'the record is not JSON'))
})

test('numbers that are not finite are refused', () => {
  const text = '{"v":1,"epoch":0,"generation":0,"intent":{"nonce":null,"first_at":0,"until":1e999,"recovery":false}}'
  expect(left(CellCodec.decode(record(text)))).toMatchObject({ _tag: 'StoreFailed', operation: 'decode' })
})

test('I4 I8 what cannot be decoded is reported, and nothing of its content', () => {
  const damages: ReadonlyArray<(text: string, secret: string) => string> = [
    (text) => text.slice(0, -1),
    (text, secret) => `${secret}${text}`,
    (_, secret) => secret,
    (_, secret) => JSON.stringify(secret),
    (_, secret) => JSON.stringify([secret]),
    (_, secret) => JSON.stringify({ ...minimal, epoch: secret }),
    (_, secret) => JSON.stringify({ ...minimal, token: secret }),
    (_, secret) => JSON.stringify({ ...minimal, token: { v: 1, access_token: 'a', refresh_token: [secret] } }),
    (_, secret) => JSON.stringify({ ...minimal, token: { v: 1, access_token: 'a', scope: { [secret]: secret } } }),
    (_, secret) => JSON.stringify({ ...minimal, token: { v: 1, access_token: 'a', members: secret } }),
    (_, secret) => JSON.stringify({ ...minimal, verdict: secret }),
    (_, secret) => JSON.stringify({ ...minimal, intent: { [secret]: secret } }),
    (_, secret) => JSON.stringify({ [secret]: secret }),
  ]
  fc.assert(
    fc.property(cells, tokenTexts, fc.constantFrom(...damages), (cell, secret, damage) => {
      const error = left(CellCodec.decode(record(damage(Secret.open(CellCodec.encode(cell)), secret))))
      expect(error).toMatchObject({ _tag: 'StoreFailed', operation: 'decode' })
      expect(Secret.forms(secret).filter((form) => JSON.stringify(error).includes(form))).toEqual([])
    }),
  )
})

test('any text is decoded or refused, without a throw', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      expect(['Left', 'Right']).toContain(CellCodec.decode(record(text))._tag)
    }),
  )
})

const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`
const places = (inner: string): ReadonlyArray<string> => [
  `{"v":1,"epoch":0,"generation":0,"more":${inner}}`,
  `{"v":1,"epoch":0,"generation":0,"verdict":{"tag":"held","more":${inner}}}`,
  ...['more', 'restricted_to'].map(
    (name) => `{"v":1,"epoch":0,"generation":0,"token":{"v":1,"access_token":"a","${name}":${inner}}}`,
  ),
  `{"v":1,"epoch":0,"generation":0,"token":{"v":1,"access_token":"a","members":{"more":${inner}}}}`,
]

test.each([450, 600, 5_000, 20_000])('[A12] nested %i deep: what is read can be written again', (depth) => {
  for (const text of places(nested(depth))) {
    const decoded = CellCodec.decode(record(text))
    if (depth < 500) expect(jsonOf(right(decoded))).toEqual(JSON.parse(text))
    else expect(left(decoded)).toEqual(AuthError.storeFailed('decode', 'the record is nested too deep'))
  }
})

/** As deep as a strategy's answer may be, and beyond. */
const DEPTHS = Array.from({ length: 12 }, (_, at) => 494 + at)

test.each(DEPTHS)('[A12] nested %i deep in what a strategy answers: what is taken in can be read', (depth) => {
  const answers = [
    TokenSet.make(access('a'), { members: new Map([['more', Secret.make('Member', nested(depth))]]) }),
    TokenSet.make(access('a'), { members: new Map([['tessera more', Secret.make('Member', nested(depth))]]) }),
    TokenSet.make(access('a'), { restrictedTo: [JSON.parse(nested(depth - 1))] }),
  ]
  for (const answer of answers) {
    const { token } = right(tokenSetOf(answer))
    const cell = { ...Lifecycle.empty, generation: 1 }
    const owed = O.some({ tokens: [token], retryAt: instant(0), since: O.none })
    for (const of of [
      { ...cell, token: O.some(token) },
      { ...cell, owed },
    ]) {
      const record = CellCodec.encode(of)
      expect(Secret.open(record).includes('[[')).toBe(depth <= 500)
      expect(jsonOf(right(CellCodec.decode(O.some(record))))).toEqual(JSON.parse(Secret.open(record)))
    }
  }
})

// Whatever a record may hold more: what is read in one place of it may be written in another.
test.each(DEPTHS)('[A12] nested %i deep in a token that is held: it can be read when it is owed', (depth) => {
  for (const text of places(nested(depth))) {
    const decoded = CellCodec.decode(record(text))
    if (E.isLeft(decoded)) continue
    const owed = pipe(
      decoded.right.token,
      O.map((of) => ({ tokens: [of], retryAt: instant(0), since: O.none })),
    )
    const written = CellCodec.encode({ ...decoded.right, token: O.none, owed })
    expect(jsonOf(right(CellCodec.decode(O.some(written))))).toEqual(JSON.parse(Secret.open(written)))
  }
})

test('[A12] the names of the places in a list are not made', () => {
  const list = Array.from({ length: 1_000 }, () => 7)
  const named: Array<PropertyKey> = []
  const watched = new Proxy(list, {
    ownKeys: (of) => {
      named.push(...Reflect.ownKeys(of))
      return Reflect.ownKeys(of)
    },
  })
  expect(isShallow({ scope: watched }, 2)).toBe(true)
  expect(named).toEqual([])
  expect(isShallow([[[]]], 2)).toBe(false)
  expect(isShallow([{ a: [] }], 2)).toBe(false)
  expect(isShallow([{ a: [1] }], 3)).toBe(true)
})

test('[A12] two million wrong scopes are one error', () => {
  const scope = Array.from({ length: 2_000_000 }, () => 7)
  expect(left(CellCodec.decode(recordOf({ ...minimal, token: { v: 1, access_token: 'a', scope } })))).toEqual(
    AuthError.storeFailed('decode', 'the record has a wrong token.scope'),
  )
})

test('[A12] the codec of token sets takes or refuses any value, without a throw', () => {
  const looping: { more?: unknown } = {}
  looping.more = looping
  const odd = fc.constantFrom<unknown>(7n, looping, JSON.parse(nested(20_000)), new Proxy({}, { get: () => 7n }))
  fc.assert(
    fc.property(
      fc.oneof(odd, fc.anything({ withBigInt: true })),
      fc.constantFrom('more', 'scope', 'members'),
      (value, name) => {
        for (const given of [value, { v: 1, access_token: 'a', [name]: value }]) {
          expect(['Left', 'Right']).toContain(TokenSet.codec.decode(given)._tag)
        }
      },
    ),
  )
})

test('the record of the first release stays readable, and is written as it was', () => {
  const golden = JSON.parse(readFileSync(join(__dirname, 'fixtures/cell.v1.json'), 'utf8'))
  const cell = right(CellCodec.decode(recordOf(golden)))
  expect(cell).toMatchObject({
    epoch: 3,
    generation: 17,
    origin: O.some('golden origin'),
    refused: true,
    lease: O.some({ nonce: O.some('golden nonce'), firstAt: 1700000000000, until: 1700000020000, recovery: true }),
    status: { _tag: 'CoolingDown', until: 1700000001000 },
  })
  expect(O.isSome(cell.token) && Secret.open(cell.token.value.accessToken)).toBe('golden access')
  expect(jsonOf(cell)).toEqual(golden)
})

test.each([
  [{ tag: 'log in again' }, 'LogInAgain'],
  [{ tag: 'revoked' }, 'Revoked'],
])('the verdicts of the first release: %j', (verdict, tag) => {
  const cell = right(CellCodec.decode(recordOf({ ...minimal, verdict })))
  expect(cell.status._tag).toBe(tag)
  expect(jsonOf(cell)).toEqual({ ...minimal, verdict })
})

test('[A10] a row of refusals of an older version tells nothing of accepted tokens, and a new one what there is', () => {
  const minimal = { v: 1, epoch: 1, generation: 1 }
  const rowOf = (refusals: object) => right(CellCodec.decode(recordOf({ ...minimal, refusals })))
  const older = { count: 3, at: 7 }
  expect(rowOf(older).refusals).toEqual(O.some({ count: 3, accepted: 0, at: 7 }))
  expect(jsonOf(rowOf(older))).toEqual({ ...minimal, refusals: older })
  const newer = { count: 0, accepted: 2, at: 7 }
  expect(jsonOf(rowOf(newer))).toEqual({ ...minimal, refusals: newer })
})

test('[A06] a tombstone of an older version, which kept the token: that is owed, and may be tried at once', () => {
  const token = { v: 1, access_token: 'a', refresh_token: 'r' }
  const cell = right(CellCodec.decode(recordOf({ ...minimal, token, verdict: { tag: 'revoked' } })))
  expect(cell).toMatchObject({ token: O.none, owed: O.some({ tokens: [{}], retryAt: 0 }) })
  expect(jsonOf(cell)).toEqual({ ...minimal, verdict: { tag: 'revoked' }, owed: { tokens: [token], retry_at: 0 } })
  const both = {
    ...minimal,
    token,
    verdict: { tag: 'revoked' },
    owed: { tokens: [{ v: 1, access_token: 'b' }], retry_at: 7 },
  }
  expect(right(CellCodec.decode(recordOf(both))).owed).toMatchObject(O.some({ tokens: [{}, {}], retryAt: 0 }))
})

test('what is owed is absent where nothing is', () => {
  expect(jsonOf(Lifecycle.empty)).toEqual(minimal)
  expect(right(CellCodec.decode(recordOf({ ...minimal, owed: { tokens: [], retry_at: 7 } }))).owed).toEqual(O.none)
})

test('a record prints as redacted', () => {
  fc.assert(fc.property(cells, (cell) => expect(`${CellCodec.encode(cell)}`).toBe('<redacted>')))
})
