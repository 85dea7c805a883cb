import { type AuthError, CellCodec, Secret, TokenSet } from '@tessera/core'
import {
  cells,
  errors,
  errorsByTag,
  instants,
  readAnswers,
  stampeds,
  tokenSets,
  tokenTexts,
  writeAnswers,
} from '@tessera/testing'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'

const tags = Object.entries(errorsByTag)

test('every member of AuthError is drawn', () => {
  const seen = new Set(fc.sample(errors, 1_000).map(({ _tag }) => _tag))
  expect([...seen].sort()).toEqual(tags.map(([tag]) => tag).sort())
  expect(tags).toHaveLength(12)
})

test.each(tags)('%s draws its tag', (tag, arbitrary) => {
  for (const error of fc.sample(arbitrary as fc.Arbitrary<AuthError>, 20)) expect(error._tag).toBe(tag)
})

test('token sets and cells have records', () => {
  fc.assert(
    fc.property(tokenSets, cells, (token, cell) => {
      expect(E.isRight(TokenSet.codec.decode(TokenSet.codec.encode(token)))).toBe(true)
      expect(E.isRight(CellCodec.decode(O.some(CellCodec.encode(cell))))).toBe(true)
    }),
  )
})

test('texts are those of RFC 6749 appendix A.12, instants are whole', () => {
  fc.assert(
    fc.property(tokenTexts, instants, (text, instant) => {
      expect(text).toMatch(/^[ -~]{8,}$/)
      expect(Number.isSafeInteger(instant)).toBe(true)
    }),
  )
})

test('a store answers with records and without, and fails', () => {
  const reads = fc.sample(readAnswers, 200)
  const writes = fc.sample(writeAnswers, 200)
  expect(new Set(reads.map(({ _tag }) => _tag)).size).toBe(2)
  expect(new Set(writes.map((answer) => (E.isRight(answer) ? answer.right._tag : 'failed'))).size).toBe(3)
  for (const { record, version } of fc.sample(stampeds, 100)) {
    expect(O.isSome(record)).toBe(version !== '')
    if (O.isSome(record)) expect(Secret.is(record.value)).toBe(true)
  }
})
